package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/journal"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// limited runs the program with no file allowed to grow beyond so many blocks of 512 bytes: writes
// fail as they do on a full disk.
func limited(t *testing.T, blocks int, args ...string) called {
	t.Helper()
	cmd := process(args...)
	cmd.Args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -f %d && exec "$0" "$@"`, blocks), cmd.Path}, args...)
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = sh
	return finish(t, cmd)
}

// checkWhole expects that every file of a run folder that is there is whole.
func checkWhole(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // there is none
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch e.Name() {
		case result.File:
			resultOf(t, dir)
		case journal.MixedFile:
			if _, err := onnx.Read(path); err != nil {
				t.Error(err)
			}
		case journal.PromotionFile, journal.CurveFile, "report.html", journal.JournalFile, journal.JournalFile + "-wal", journal.JournalFile + "-shm", ".lock":
		default:
			t.Errorf("%s is left over", path)
		}
	}
}

// TestFullDisk lets the disk be full at every point of a search: it ends with exit code 2, one line
// that says so, the best so far printed if there was one and every file whole; the same command with
// room again ends with the result of a search that was left alone.
func TestFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	args := in.args("--metric", "sqnr", "--target", "40%", "--grid", "pow2")
	must(t, args...)
	want := resultOf(t, in.path("run"))
	fits, printed := 0, 0
	for blocks := 0; fits < 2; blocks += 1 + blocks/4 {
		if err := os.RemoveAll(in.path("run")); err != nil {
			t.Fatal(err)
		}
		got := limited(t, blocks, args...)
		checkWhole(t, in.path("run"))
		switch {
		case got.code == 0:
			fits++
			continue
		case got.code != 2:
			t.Fatalf("%d blocks: exit code %d, %s", blocks, got.code, got.err)
		}
		lines := strings.Split(strings.TrimSpace(got.err), "\n")
		if last := lines[len(lines)-1]; !strings.HasPrefix(last, "demote: ") || !strings.Contains(last, "cannot") || !strings.Contains(last, in.dir) || strings.Contains(got.err, "goroutine") {
			t.Errorf("%d blocks: %s", blocks, got.err)
		}
		if strings.Contains(got.err, "all int8:") && strings.Contains(got.out, "the best so far") {
			printed++
		}
		if _, err := os.Stat(in.path("run")); !strings.Contains(got.err, "all int16:") && err == nil {
			t.Errorf("%d blocks: the search did not begin, and there is a folder", blocks)
		}
		must(t, args...)
		r := resultOf(t, in.path("run"))
		if !slices.Equal(r.Promotion, want.Promotion) || !reflect.DeepEqual(r.Chain, want.Chain) || !r.Finished {
			t.Errorf("%d blocks: going on ends with %q, a search alone with %q", blocks, r.Promotion, want.Promotion)
		}
		if blocks > 1000 {
			t.Fatal("it never fits")
		}
	}
	if printed == 0 {
		t.Error("the best so far was never printed: the limits of this test are wrong")
	}
}

// TestFullDiskKeepsWhatWasThere overwrites networks on a disk that is full: the old ones stay.
func TestFullDiskKeepsWhatWasThere(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	args := []string{"quantize", "--model", in.path("net.onnx"), "--calib", in.path("calib.npz"), "--out", in.path("ends")}
	must(t, args...)
	before := listing(t, in.path("ends"))
	for _, blocks := range []int{0, 1, 3} {
		got := limited(t, blocks, append(args, "--force")...)
		checkRefused(t, got, "ends")
		if after := listing(t, in.path("ends")); !slices.Equal(before, after) {
			t.Errorf("%d blocks: the folder held %q and now %q", blocks, before, after)
		}
	}
	if got := limited(t, 2, append(args[:len(args)-1], in.path("new"))...); got.code != 2 {
		t.Errorf("exit code %d, %s", got.code, got.err)
	}
	checkWhole(t, in.path("new"))
	must(t, in.args()...)
	want := resultOf(t, in.path("run"))
	if got := limited(t, 0, in.args()...); got.code != 2 {
		t.Errorf("exit code %d, %s", got.code, got.err)
	}
	checkRefused(t, call(in.args()...), "finished")
	if r := resultOf(t, in.path("run")); !reflect.DeepEqual(r, want) {
		t.Errorf("the result was %+v and is %+v", want, r)
	}
}
