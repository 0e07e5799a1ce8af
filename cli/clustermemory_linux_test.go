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

var clusterMemorySamples = flag.Int("cluster-memory", 1000, "samples of 16 KiB that TestClusterMemory searches, and four times as many without stored activations: 5,000 in make test-cluster-long")

// sampleBytes are those of a sample of wideSearch.
const sampleBytes = 16 << 10

// wideSearch is a search by a network whose activations are as large as its samples, of which some are stored: so many
// samples of 4096 numbers, and so many layers.
func wideSearch(t *testing.T, samples, layers int) inputs {
	t.Helper()
	const width = sampleBytes / 4
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

// resident is the memory of a process that is resident and of no file, in bytes; 0: it has ended.
func resident(t *testing.T, pid int) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, is := strings.Cut(string(status), "RssAnon:")
	if !is {
		return 0
	}
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb * 1024
}

// peaks runs a process to its end, and says how much memory it and others have had meanwhile.
func peaks(t *testing.T, cmd *exec.Cmd, others ...int) (own float64, most []float64) {
	t.Helper()
	said := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	most = make([]float64, len(others))
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			return own, most
		case <-time.After(5 * time.Millisecond):
			own = max(own, resident(t, cmd.Process.Pid))
			for i, pid := range others {
				most[i] = max(most[i], resident(t, pid))
			}
		}
	}
}

// TestClusterMemory searches few samples and many, in one process and on four worker processes. What the many take of
// resident memory beyond the few is their samples, and the activations that are stored of them: all workers together
// take no more than a tenth more of it than the one process, and none more than a tenth more than its share beside what
// it takes without. Shares follow the speed of each.
func TestClusterMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	t.Setenv(everyCutEnv, "1") // so that what is stored does not depend on the clock
	t.Run("stored", func(t *testing.T) { clusterMemory(t, *clusterMemorySamples, 3) })
	t.Run("samples", func(t *testing.T) { clusterMemory(t, 4**clusterMemorySamples, 1, "--scan", "naive") })
}

func clusterMemory(t *testing.T, many, layers int, more ...string) {
	const few, workers, block = 200, 4, 25
	var alone [2]float64
	var each [2][]float64
	for i, samples := range []int{few, many} {
		in := wideSearch(t, samples, layers)
		args := func(out string, way ...string) []string {
			return slices.Concat(in.args("--metric", "mse", "--target", "16bit+1e-5", "--block", fmt.Sprint(block), "--out", in.path(out)), more, way)
		}
		alone[i], _ = peaks(t, process(args("alone", "--device", "cpu")...))
		f := newFarm(t, workers)
		var pids []int
		for _, w := range f.workers {
			pids = append(pids, w.Process.Pid)
		}
		_, each[i] = peaks(t, process(args("cluster", f.flags(workers)...)...), pids...)
		sameFound(t, "on workers", found(t, in.path("cluster"), ofSession), found(t, in.path("alone"), ofSession))
	}
	whole, base, all := alone[1]-alone[0], slices.Max(each[0]), 0.0
	t.Logf("one process: %.1f and %.1f MB, %.1f MB of them of %d samples", alone[0]/1e6, alone[1]/1e6, whole/1e6, many-few)
	for i, most := range each[1] {
		t.Logf("a worker: %.1f and %.1f MB", each[0][i]/1e6, most/1e6)
		if all += most - base; most > 1.1*(base+whole/workers) {
			t.Errorf("a worker has had %.1f MB, one process %.1f MB for the samples, and a worker %.1f MB without", most/1e6, whole/1e6, base/1e6)
		}
	}
	// each has the first block, too, and a file that it reads on in
	if beside := workers * float64(block*sampleBytes+1<<20); all > 1.1*whole+beside {
		t.Errorf("all workers have had %.1f MB for the samples, one process %.1f MB", all/1e6, whole/1e6)
	}
	t.Logf("all workers: %.3f of one process for the samples", all/whole)
}
