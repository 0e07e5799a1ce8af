package cli

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
)

// TestMoreThanThereIs gives data and networks that claim more memory than there is.
func TestMoreThanThereIs(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	g := newGraph()
	g.Graph.Input[0] = value("x", 1, -1, 1, 1024, 1024)
	g.node("GlobalAveragePool", "a", "x").node("Flatten", "f", "a").weights("w", []int64{1, 5}).node("MatMul", "y", "f", "w").output("y", 5)
	in.write(t, "large.onnx", g.bytes())
	head := npy("<f4", nil, 1<<18, 1, 1024, 1024)
	in.write(t, "large.npy", head) // a TiB of zeros that take no room on the disk
	if err := os.Truncate(in.path("large.npy"), int64(len(head))+1<<40); err != nil {
		t.Fatal(err)
	}
	told := process(in.args("--model", in.path("large.onnx"), "--data", in.path("large.npy"), "--metric", "agreement")...)
	lines, err := told.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := told.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, lines, "large.npy: 262144 samples take 1024.0 GiB of memory, more than half of the ")
	told.Process.Kill()
	told.Wait()

	g = newGraph()
	g.Graph.Initializer = append(g.Graph.Initializer, ir.NewInts("shape", ir.Int64, []int64{2}, []int64{1 << 15, 1 << 15}))
	g.node("ConstantOfShape", "zeros", "shape").node("ReduceSum", "sum", "zeros").node("Add", "safe", "x", "sum")
	in.write(t, "zeros.onnx", behind(g, "safe").bytes())
	args := in.args("--model", in.path("zeros.onnx"))
	cmd := process(args...)
	cmd.Args = append([]string{"sh", "-c", `ulimit -d 2000000 && exec "$0" "$@"`, cmd.Path}, args...)
	if cmd.Path, err = exec.LookPath("sh"); err != nil {
		t.Fatal(err)
	}
	checkRefused(t, finish(t, cmd), "zeros.onnx", "4.0 GiB", "make zeros", "more memory than there is")
}

// TestMemoryIsLimited looks at the limit that the program gives itself.
func TestMemoryIsLimited(t *testing.T) {
	in := long(t)
	cmd := process(in.args("--json", "--scan", "naive")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, out, `"event"`)
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid))
	cmd.Process.Kill()
	cmd.Wait()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(limits), "\n") {
		if strings.HasPrefix(line, "Max data size") && strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(line, "Max data size")), "unlimited") {
			t.Error(line)
		}
	}
}
