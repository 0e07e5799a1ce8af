package cli

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"example.org/demote/run"
)

// TestRunFolderRefused calls a search again on the folder of a finished one: it is refused, and what
// is there stays as it is, to the byte and the time.
func TestRunFolderRefused(t *testing.T) {
	in := good(t)
	must(t, in.args()...)
	for _, c := range []struct {
		name   string
		change func(t *testing.T) (more []string)
		texts  []string
	}{
		{"finished", func(*testing.T) []string { return nil }, []string{in.path("run"), "finished", "--out", "--force"}},
		{"another target", func(*testing.T) []string { return []string{"--target", "0.5"} }, []string{"another run", "target", "0.5", "16bit-0.05", "--force"}},
		{"another seed", func(*testing.T) []string { return []string{"--seed", "7"} }, []string{"another run", "seed", `"7"`, `"1"`}},
		{"another grid", func(*testing.T) []string { return []string{"--grid-low", "pow2"} }, []string{"another run", "grids", "pow2"}},
		{"other data", func(t *testing.T) []string {
			in.write(t, "other.npz", archive(35))
			return []string{"--data", in.path("other.npz")}
		}, []string{"another run", "data"}},
		{"another network", func(t *testing.T) []string {
			in.write(t, "other.onnx", plain().weights("unused", []int64{1}, 1).bytes())
			return []string{"--model", in.path("other.onnx")}
		}, []string{"another run", "model"}},
		{"overwriting by a target in points", func(*testing.T) []string { return []string{"--force", "--target", "91%"} }, []string{"0.91"}},
		{"overwriting with bad labels", func(t *testing.T) []string {
			x, y := images(40)
			y[0] = 9
			in.write(t, "labels.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", y, 40)}))
			return []string{"--force", "--data", in.path("labels.npz")}
		}, []string{"label 9"}},
		{"overwriting by a network with NaN", func(t *testing.T) []string {
			in.write(t, "nan.onnx", rooted(func(g graph) { g.node("Identity", "safe", "root") }).bytes())
			x, y := images(40)
			for i := range 16 {
				x[i] = -3
			}
			in.write(t, "low.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", y, 40)}))
			return []string{"--force", "--model", in.path("nan.onnx"), "--data", in.path("low.npz")}
		}, []string{"NaN"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			more := c.change(t)
			before := listing(t, in.path("run"))
			checkRefused(t, call(in.args(more...)...), c.texts...)
			if after := listing(t, in.path("run")); !slices.Equal(before, after) {
				t.Errorf("the folder held %q and now %q", before, after)
			}
		})
	}
	t.Run("force", func(t *testing.T) {
		must(t, in.args("--target", "0.1", "--force")...)
		if r := resultOf(t, in.path("run")); r.Target.Text != "0.1" || !r.Finished {
			t.Errorf("the result has target %s", r.Target.Text)
		}
	})
}

// result reads the result of a run folder.
func resultOf(t *testing.T, dir string) *run.Result {
	t.Helper()
	r, err := run.ReadResult(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLockedFolder(t *testing.T) {
	in := good(t)
	must(t, in.args()...)
	lock, err := os.Open(in.path("run/.lock"))
	if err == nil {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	for _, more := range [][]string{nil, {"--force"}} {
		before := listing(t, in.path("run"))
		checkRefused(t, call(in.args(more...)...), in.path("run"), "another demote is running", "--out")
		if after := listing(t, in.path("run")); !slices.Equal(before, after) {
			t.Errorf("the folder held %q and now %q", before, after)
		}
	}
}

func TestDamagedFolders(t *testing.T) {
	in := good(t)
	for _, c := range []struct {
		name, file, text string
		texts            []string
		verify           bool
	}{
		{"journal", "journal.db", "this is no database, and it is longer than the head of one would be", []string{"journal.db", "not a journal", "--force"}, false},
		{"empty result", "result.json", "", []string{"result.json", "damaged"}, true},
		{"result of the future", "result.json", `{"schema_version": 99}`, []string{"result.json", "schema_version 99"}, true},
		{"mix", "mixed.onnx", "no network", []string{"mixed.onnx", "not an ONNX file"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			must(t, in.args("--force")...)
			in.write(t, "run/"+c.file, []byte(c.text))
			args := in.args()
			if c.verify {
				args = []string{"verify", in.path("run")}
			}
			checkRefused(t, call(args...), c.texts...)
		})
	}
}

// TestFolderIsLeftAsItWas holds that a search that does not begin takes nothing with it and leaves
// nothing behind.
func TestFolderIsLeftAsItWas(t *testing.T) {
	in := good(t)
	in.flags["--target"] = "91%"
	for _, c := range []struct{ name, out, exists string }{
		{"new", "run", ""}, {"new below new ones", "a/b/c", ""}, {"empty", "empty", "empty"}, {"new in an old one", "old/run", "old"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.exists != "" {
				if err := os.MkdirAll(in.path(c.exists), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			in.flags["--out"] = in.path(c.out)
			before := listing(t, in.dir)
			checkRefused(t, call(in.args("--output", "y")...), "0.91")
			checkRefused(t, call(in.args("--target", "16bit-inf")...), "16bit-0.005")
			if after := listing(t, in.dir); !slices.Equal(before, after) {
				t.Errorf("the folder held %q and now %q", before, after)
			}
		})
	}
}

// TestConstantCalibration searches with calibration data that are 0 throughout: tensors without a
// range get the grid of [0, 1], as documented, and everything else works.
func TestConstantCalibration(t *testing.T) {
	in := good(t)
	in.write(t, "calib.npz", npz(map[string][]byte{"x": npy("<f4", make([]float64, 16*16), 16, 1, 4, 4)}))
	must(t, in.args("--target", "0.01")...)
	var found run.Inspection
	text := must(t, "inspect", "--model", in.path("net.onnx"), "--calib", in.path("calib.npz"), "--json").out
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	for _, h := range found.Holders {
		if h.Name == "x" && (h.Low.Min != 0 || h.Low.Max != 1 || h.High.Max != 1) {
			t.Errorf("holder %s has the grids %+v and %+v", h.Name, *h.Low, *h.High)
		}
	}
	if !strings.Contains(text, `"name": "x"`) {
		t.Error("the input has no holder")
	}
}
