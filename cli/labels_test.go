package cli

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/run"
)

// keeper is a metric command that keeps what it gets, a file a call, and answers with a score that depends on the
// outputs.
func keeper(in inputs) string {
	return `f=` + in.path("got") + `.$(date +%N).$$; cat > $f; cksum < $f | cut -c 1-3`
}

// kept are the labels that the commands of keeper got, each once, behind outputs of 5 classes.
func kept(t *testing.T, in inputs) []string {
	t.Helper()
	files, err := filepath.Glob(in.path("got") + ".*")
	if err != nil || len(files) == 0 {
		t.Fatalf("the command got nothing: %v", err)
	}
	var list []string
	seen := map[string]bool{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, found := strings.Cut(string(data), "'shape': (")
		samples, err := strconv.Atoi(strings.SplitN(rest, ",", 2)[0])
		if !found || err != nil {
			t.Fatalf("no shape in %q", data[:min(128, len(data))])
		}
		labels := string(data[128+samples*5*4:])
		if !seen[labels] {
			seen[labels] = true
			list = append(list, labels)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// array is a .npy file as NumPy writes it, without room to grow.
func array(descr, shape string, data []byte) string {
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)
	return "\x93NUMPY\x01\x00\x76\x00" + dict + strings.Repeat(" ", 117-len(dict)) + "\n" + string(data)
}

// TestCommandsGetTheirLabels gives labels of many shapes and types: eval, search, hold-out and verify hand a command
// the very array that was saved, of their samples alone, although 40 samples are no whole number of blocks of 7.
func TestCommandsGetTheirLabels(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const n = 40
	ints := func(per, size int) func(i int) []byte { // sample i's elements are all i
		return func(i int) (b []byte) {
			for range per {
				b = append(b, binary.LittleEndian.AppendUint64(nil, uint64(i))[:size]...)
			}
			return b
		}
	}
	boxes := func(i int) (b []byte) { // padded with NaN
		for k := range 20 * 5 {
			v := float32(i) + float32(k)/128
			if k >= 5*(1+i%4) {
				v = float32(math.NaN())
			}
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		return b
	}
	for _, c := range []struct {
		name, descr string
		shape       []int // of a sample
		of          func(i int) []byte
	}{
		{"padded boxes", "<f4", []int{20, 5}, boxes}, {"more than the output", "<i8", []int{20}, ints(20, 8)}, {"fewer", "<f4", []int{4}, ints(4, 4)},
		{"bytes", "|u1", nil, ints(1, 1)}, {"one axis of 1", "<u2", []int{1}, ints(1, 2)}, {"a class a pixel", "<i4", []int{4, 4}, ints(16, 4)},
		{"doubles", "<f8", []int{2, 1, 3}, ints(6, 8)}, {"halves", "<f2", []int{3}, ints(3, 2)}, {"truths", "|b1", []int{2}, func(i int) []byte { return []byte{byte(i % 2), byte(1 - i%2)} }},
		{"text", "<U2", nil, func(i int) []byte { return []byte{byte(65 + i%26), 0, 0, 0, byte(48 + i%10), 0, 0, 0} }},
		{"integers below 0", "|i1", nil, func(i int) []byte { return []byte{byte(-i)} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good(t)
			x, _ := images(n)
			var y []byte
			for i := range n {
				y = append(y, c.of(i)...)
			}
			per := len(y) / n
			in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, n, 1, 4, 4), "y": []byte(array(c.descr, tuple(n, c.shape), y))}))
			in.flags["--block"], in.flags["--strategy"], in.flags["--target"] = "7", "rank", "-1"
			line := []string{"--metric-cmd", keeper(in)}
			whole := array(c.descr, tuple(n, c.shape), y)
			only := func(when string, want ...string) {
				t.Helper()
				got := kept(t, in)
				if len(got) != len(want) {
					t.Fatalf("%s: %d arrays of labels, want %d: %.200q", when, len(got), len(want), got)
				}
				for _, w := range want {
					if !strings.Contains(strings.Join(got, "|"), w) {
						t.Errorf("%s: the command got %.300q, want %.300q", when, got, w)
					}
				}
			}
			must(t, append([]string{"eval", in.path("net.onnx"), "--data", in.path("eval.npz"), "--block", "7"}, line...)...)
			only("eval", whole)
			if c.name != "padded boxes" && c.name != "text" {
				return
			}
			must(t, in.args(append(line, "--evaluations", "6")...)...)
			only("search", whole)
			must(t, append([]string{"verify", in.path("run")}, line...)...)
			only("verify", whole)
			must(t, append([]string{"eval", in.path("net.onnx"), "--data", in.path("eval.npz"), "--limit", "10"}, line...)...)
			var tenth []byte // evenly spaced, where labels are no classes
			for i := 0; i < n; i += 4 {
				tenth = append(tenth, y[i*per:(i+1)*per]...)
			}
			only("a part of them", array(c.descr, tuple(10, c.shape), tenth))
			in.flags["--out"] = in.path("held")
			must(t, in.args(append(line, "--evaluations", "6", "--holdout", "25%")...)...)
			both := kept(t, in)
			if len(both) != 2 || len(both[0])+len(both[1]) != 2*128+len(y) {
				t.Fatalf("%d arrays of labels with a hold-out", len(both))
			}
			for i := range n {
				if own := string(c.of(i)); strings.Contains(both[0][128:], own) == strings.Contains(both[1][128:], own) && c.name != "text" {
					t.Errorf("sample %d is on both sides or on none", i)
				}
			}
		})
	}
}

// tuple is a shape as NumPy writes it.
func tuple(n int, shape []int) string {
	text := fmt.Sprint(n)
	for _, d := range shape {
		text += fmt.Sprintf(", %d", d)
	}
	if len(shape) == 0 {
		text += ","
	}
	return text
}

// TestHoldoutWithoutLabels: a command that gets labels in the search gets them from the hold-out as well.
func TestHoldoutWithoutLabels(t *testing.T) {
	in := good(t)
	x, _ := images(23)
	in.write(t, "held.npz", npz(map[string][]byte{"x": npy("<f4", x, 23, 1, 4, 4)}))
	checkRefused(t, call(in.args("--metric-cmd", keeper(in), "--holdout", in.path("held.npz"))...), "held.npz", "--metric-cmd", "labels", "array y")
}

// TestNoLabelsPanic gives every built-in metric labels of every shape: it uses them or refuses them in one line,
// which names what can.
func TestNoLabelsPanic(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const n = 12
	x, _ := images(n)
	labels := map[string][]byte{
		"boxes":            npy("<f4", make([]float64, n*20*4), n, 20, 4),
		"a number":         npy("<f4", make([]float64, n), n),
		"a number, [n,1]":  npy("<f4", make([]float64, n), n, 1),
		"4 numbers":        npy("<f4", make([]float64, n*4), n, 4),
		"5 numbers":        npy("<f4", make([]float64, n*5), n, 5),
		"classes":          npy("<i8", make([]float64, n), n),
		"classes, [n,1]":   npy("<i8", make([]float64, n), n, 1),
		"20 classes":       npy("<i8", make([]float64, n*20), n, 20),
		"pixels":           npy("<i8", make([]float64, n*16), n, 4, 4),
		"text":             []byte(array("<U1", tuple(n, nil), make([]byte, 4*n))),
		"fewer":            npy("<i8", make([]float64, n-1), n-1),
		"a single class":   npy("<i8", []float64{1}),
		"an empty axis":    npy("<i8", nil, n, 0),
		"nothing":          nil,
		"of no known type": []byte(array("<c8", tuple(n, nil), make([]byte, 8*n))),
	}
	conv := func(name string, dims ...int64) graph {
		return newGraph().weights("w", dims).node("Conv", name, "x", "w")
	}
	shaped := func(g graph, from string, dims ...int64) graph { // the output z, of from in another shape
		to := append([]int64{}, dims...)
		g.Graph.Output = nil
		g.Graph.Initializer = append(g.Graph.Initializer, ir.NewInts("to", ir.Int64, []int64{int64(len(to))}, to))
		g.node("Reshape", "z", from, "to")
		g.Graph.Output = append(g.Graph.Output, value("z", 1, dims...))
		return g
	}
	nets := map[string]graph{
		"[N,5]": plain(), "[N,5,1]": shaped(plain(), "y", -1, 5, 1), "[N,3,4,4]": shaped(conv("c", 3, 1, 1, 1), "c", -1, 3, 4, 4),
		"[N,2,2]": shaped(conv("c", 1, 1, 3, 3), "c", -1, 2, 2), "[N]": shaped(conv("c", 1, 1, 4, 4), "c", -1),
		"[]": shaped(conv("c", 1, 1, 3, 3).node("ReduceMean", "m", "c"), "m"),
	}
	good := 0
	for net, g := range nets {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/net.onnx", g.bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		for kind, y := range labels {
			arrays := map[string][]byte{"x": npy("<f4", x, n, 1, 4, 4)}
			if y != nil {
				arrays["y"] = y
			}
			if err := os.WriteFile(dir+"/e.npz", npz(arrays), 0o666); err != nil {
				t.Fatal(err)
			}
			for _, metric := range []string{"top1", "top5", "f1", "pixel-accuracy", "miou", "label-mse", "label-mae", "sqnr", "agreement", ""} {
				args := []string{"eval", dir + "/net.onnx", "--data", dir + "/e.npz", "--reference", dir + "/net.onnx", "--block", "5"}
				if metric != "" {
					args = append(args, "--metric", metric)
				}
				got := call(args...) // a panic would end the test
				if got.code == 0 {
					good++
					continue
				}
				if got.code != run.ExitMistake || strings.Count(got.err, "\n") != 1 {
					t.Errorf("%s, output %s, labels %s: exit code %d, %s", metric, net, kind, got.code, got.err)
				}
				if net == "[N,5]" && (kind == "boxes" || kind == "20 classes") && !strings.Contains(got.err, "--metric-cmd") {
					t.Errorf("%s, labels %s: %s", metric, kind, got.err)
				}
			}
		}
	}
	if good < 60 {
		t.Errorf("only %d of them all could be scored", good)
	}
}

// TestCommandIsAsTheUser starts the program with limits and ignored signals of the user's: a metric command has
// these, and none of the program's own.
func TestCommandIsAsTheUser(t *testing.T) {
	in := good(t)
	const look = `{ ulimit -S -d; ulimit -H -d; grep -E "^Sig(Ign|Blk)" /proc/self/status; }`
	for _, setup := range []string{":", "ulimit -S -d 3000000", "ulimit -d 3000000", "ulimit -S -d 123456789012", "trap '' HUP", "ulimit -f 4000000"} {
		t.Run(setup, func(t *testing.T) {
			want, err := exec.Command("sh", "-c", setup+"; sh -c '"+look+"'").Output()
			if err != nil {
				t.Fatal(err)
			}
			args := []string{"eval", in.path("net.onnx"), "--data", in.path("eval.npz"), "--metric-cmd", look + " > " + in.path("seen") + "; echo 1"}
			cmd := process(args...)
			cmd.Args = append([]string{"sh", "-c", setup + `; exec "$0" "$@"`, cmd.Path}, args...)
			if cmd.Path, err = exec.LookPath("sh"); err != nil {
				t.Fatal(err)
			}
			if got := finish(t, cmd); got.code != 0 {
				t.Fatalf("exit code %d: %s", got.code, got.err)
			}
			if seen, err := os.ReadFile(in.path("seen")); err != nil || string(seen) != string(want) {
				t.Errorf("the command has %q, a program of the user's %q, %v", seen, want, err)
			}
		})
	}
}
