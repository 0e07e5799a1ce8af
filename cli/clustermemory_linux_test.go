package cli

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/demote/onnx/onnxpb"
)

var clusterMemory = flag.Int("cluster-memory", 2000, "samples of 16 KiB that TestClusterMemory searches: 20,000 in make test-cluster-long")

// wideSearch is a search by a network whose activations are as large as its samples, of which some are stored: so many
// samples of 4096 numbers, and layers that take longer than to read what is stored.
func wideSearch(t *testing.T, samples int) inputs {
	t.Helper()
	const width, layers = 4096, 3
	in := good(t)
	g := graph{&onnxpb.ModelProto{IrVersion: proto.Int64(8), Graph: &onnxpb.GraphProto{Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{value("x", 1, -1, width)}},
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}}}}
	last := "x"
	for i := range layers {
		name := func(s string) string { return fmt.Sprint(s, i) }
		g.node("Tanh", name("t"), last).node("Erf", name("e"), last).node("Add", name("r"), name("t"), name("e"))
		last = name("r")
	}
	g.weights("w", []int64{width, 5}).node("MatMul", "y", last, "w").output("y", 5)
	in.write(t, "net.onnx", g.bytes())
	rng := rand.New(rand.NewPCG(3, 4))
	data := func(n int) []byte {
		x := make([]float64, n*width)
		for i := range x {
			x[i] = float64(rng.IntN(1<<12)-1<<11) / (1 << 10)
		}
		return npz(map[string][]byte{"x": npy("<f4", x, n, width)})
	}
	in.write(t, "calib.npz", data(16))
	in.write(t, "eval.npz", data(samples))
	return in
}

// peak is the most memory, in bytes, that a process has had so far; 0: it has ended.
func peak(t *testing.T, pid int) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, is := strings.Cut(string(status), "VmHWM:")
	if !is {
		return 0
	}
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb * 1024
}

// peakOf runs a process to its end and says how much memory it has had.
func peakOf(t *testing.T, cmd *exec.Cmd) (most float64) {
	t.Helper()
	said := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			return most
		case <-time.After(5 * time.Millisecond):
			most = max(most, peak(t, cmd.Process.Pid))
		}
	}
}

// TestClusterMemory searches few samples and many, in one process and on four worker processes, and holds what the many
// take of each worker's resident memory beyond the few, which is its samples and the activations that it stores,
// against a quarter and a tenth of what they take of the one process.
func TestClusterMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const few, workers, block = 400, 4, 25
	var alone [2]float64
	var each [2][]float64
	for i, samples := range []int{few, *clusterMemory} {
		in := wideSearch(t, samples)
		args := func(out string, more ...string) []string {
			return slices.Concat(in.args("--metric", "mse", "--target", "16bit+1e-5", "--block", fmt.Sprint(block), "--out", in.path(out)), more)
		}
		alone[i] = peakOf(t, process(args("alone", "--device", "cpu")...))
		f := newFarm(t, workers)
		if got := finish(t, process(args("cluster", f.flags(workers)...)...)); got.code != 0 {
			t.Fatalf("on workers: %d, %s%s", got.code, got.out, got.err)
		}
		sameFound(t, "on workers", found(t, in.path("cluster"), ofSession), found(t, in.path("alone"), ofSession))
		for _, w := range f.workers {
			each[i] = append(each[i], peak(t, w.Process.Pid))
		}
	}
	whole := alone[1] - alone[0]
	t.Logf("one process: %.1f and %.1f MB, %.1f MB of them of %d samples", alone[0]/1e6, alone[1]/1e6, whole/1e6, *clusterMemory-few)
	base := slices.Max(each[0])
	for _, most := range each[1] {
		t.Logf("a worker: %.1f and %.1f MB, %.3f of a quarter", base/1e6, most/1e6, (most-base)*workers/whole)
		if most-base > whole/workers*1.1 {
			t.Errorf("a worker has had %.1f MB for the samples, one process %.1f MB", (most-base)/1e6, whole/1e6)
		}
	}
}
