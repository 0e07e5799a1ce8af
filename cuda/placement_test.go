//go:build cuda && placement

package cuda_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// The real CUDA provider of onnxruntime-gpu on stand-in CUDA libraries (cuda/internal/standin): what it takes, refuses
// and asks for. Its kernels do nothing there, so no test looks at an output.

func TestPlacementOfEveryNetwork(t *testing.T) {
	openRuntime(t)
	for _, p := range everyNetwork(t) {
		t.Run(strings.TrimPrefix(p.name, "../"), func(t *testing.T) {
			onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
				grids := upload(t, d, s, "grids", make([]quant.Params, len(p.records)))
				optimized := filepath.Join(t.TempDir(), "optimized.onnx")
				session, err := place(d, s, p.switchable(t), grids, func(o *cgo.Options, _ *cgo.CUDAOptions) { o.OptimizedPath = optimized })
				if err != nil {
					t.Fatalf("%s: %v", p.name, cuda.Explain(err))
				}
				session.Close()
				holders, copies, nodes := count(t, optimized)
				t.Logf("%s: %d nodes, %d of them FakeQuant", p.name, nodes, holders)
				if holders != len(p.records) || copies != 0 {
					t.Errorf("%s: %d FakeQuant nodes of %d, %d copies between host and device", p.name, holders, len(p.records), copies)
				}
				closeAll(t, grids)
			})
		})
	}
}

// count returns the FakeQuant, the Memcpy and all nodes of a model that ONNX Runtime has optimized and placed.
func count(t *testing.T, path string) (holders, copies, nodes int) {
	t.Helper()
	data, err := os.ReadFile(path)
	do(t, err)
	var m onnxpb.ModelProto
	do(t, proto.Unmarshal(data, &m))
	for _, n := range m.GetGraph().GetNode() {
		switch op := n.GetOpType(); {
		case op == "FakeQuant":
			holders++
		case strings.HasPrefix(op, "Memcpy"):
			copies++
		}
	}
	return holders, copies, len(m.GetGraph().GetNode())
}

// An export with 16-bit QuantizeLinear cannot run on CUDA, and says so instead of going back and forth to the host.
func TestPlacementOfInt16IsRefused(t *testing.T) {
	openRuntime(t)
	p := everyNetwork(t)[0]
	for i := range p.records {
		p.records[i] = records(t)[0] // the formula qdq
	}
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		grids := upload(t, d, s, "grids", make([]quant.Params, len(p.records)))
		m, err := onnx.QDQ(p.network, p.records, make([]bool, len(p.records)))
		do(t, err)
		data, err := m.Bytes()
		do(t, err)
		for _, graph := range []bool{false, true} {
			session, err := place(d, s, data, grids, func(_ *cgo.Options, c *cgo.CUDAOptions) { c.Provider.Graph = graph })
			if err == nil {
				session.Close()
				t.Fatal("16-bit QuantizeLinear was placed on CUDA")
			}
			if explained := cuda.Explain(err); !errors.Is(explained, cuda.ErrPlacement) {
				t.Errorf("graph %v: %v", graph, explained)
			}
		}
		session, err := place(d, s, data, grids, func(_ *cgo.Options, c *cgo.CUDAOptions) { c.Provider.Graph, c.Elsewhere = false, true })
		do(t, err)
		nodes, err := session.NodesElsewhere()
		do(t, err)
		session.Close()
		operators := map[string]int{}
		for _, n := range nodes {
			operators[n.Operator]++
		}
		if n := len(p.records); operators["QuantizeLinear"] != n || operators["DequantizeLinear"] != n || len(operators) != 2 {
			t.Errorf("left to the CPU: %v, want the %d pairs of the holders", operators, n)
		}
		closeAll(t, grids)
	})
}

// having returns the notes that contain all of the texts.
func having(notes []string, texts ...string) []string {
	var found []string
	for _, note := range notes {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(note, text)
		}
		if all {
			found = append(found, note)
		}
	}
	return found
}

// A run copies nothing, waits for nothing, and puts all its work into our stream: ONNX Runtime's launches by their
// stream argument, ours because the stream that the emulated driver knows has work in it and no other exists.
func TestPlacementOfRuns(t *testing.T) {
	emutest.Set(t, "seed=0")
	openRuntime(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		v := newSmall(t, d, s, func(_ *cgo.Options, c *cgo.CUDAOptions) { c.Provider.Graph = false })
		do(t, s.Synchronize())
		emutest.ResetNotes()
		before := emutest.Counter("launches")
		v.run(t, cgo.GraphRun(cgo.NoGraph))
		notes := emutest.Notes(t)
		if got := having(notes, "copy"); len(got) > 0 {
			t.Errorf("a run copied: %q", got)
		}
		if got := having(notes, "sync"); len(got) > 0 {
			t.Errorf("a run waited: %q", got)
		}
		stream := "stream " + hex(s.Handle())
		launches := having(notes, "launch ")
		if len(launches) == 0 || len(having(launches, stream)) != len(launches) {
			t.Errorf("launches %q, want all of them in %s", launches, stream)
		}
		if done, err := s.Done(); done || err != nil {
			t.Errorf("our stream has no work in it after the run (%v)", err)
		}
		if emutest.Counter("launches") != before {
			t.Error("FakeQuant ran before anybody waited: it was not put into the stream")
		}
		do(t, s.Synchronize())
		if got := emutest.Counter("launches") - before; got != 2 {
			t.Errorf("%d launches of fake_quant, want 2", got)
		}
		v.close(t)
	})
}

// With graph mode the first run of a graph number is captured after two plain ones, and the next one is one launch of
// the graph.
func TestPlacementOfGraphs(t *testing.T) {
	openRuntime(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		v := newSmall(t, d, s, nil)
		for graph := 1; graph <= 2; graph++ {
			emutest.ResetNotes()
			v.run(t, cgo.GraphRun(graph))
			if got := having(emutest.Notes(t), "capture begins"); len(got) != 1 {
				t.Errorf("graph %d: the first run captured %d times", graph, len(got))
			}
			emutest.ResetNotes()
			v.run(t, cgo.GraphRun(graph))
			notes := emutest.Notes(t)
			if len(having(notes, "graph launch", hex(s.Handle()))) != 1 || len(having(notes, "capture")) != 0 || len(having(notes, "launch _Z")) != 0 {
				t.Errorf("graph %d: the second run did %q, want one launch of the graph", graph, notes)
			}
		}
		emutest.ResetNotes()
		v.run(t, cgo.GraphRun(cgo.NoGraph))
		if got := having(emutest.Notes(t), "graph launch"); len(got) != 0 {
			t.Errorf("a run without a graph number replayed: %q", got)
		}
		v.close(t)
	})
}

// An initializer that is handed over on the device is used in place; the file's would be copied up.
func TestPlacementOfInitializers(t *testing.T) {
	openRuntime(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		emutest.ResetNotes()
		newSmall(t, d, s, nil).close(t)
		fromFile := len(having(emutest.Notes(t), "copy", " 4 "))
		w := upload(t, d, s, "w", []float32{2})
		weight, err := cgo.NewDeviceTensor(w.Address(), 0, cgo.Float32, 1)
		do(t, err)
		emutest.ResetNotes()
		newSmall(t, d, s, func(_ *cgo.Options, c *cgo.CUDAOptions) { c.Initializers = map[string]*cgo.DeviceTensor{"w": weight} }).close(t)
		handed := len(having(emutest.Notes(t), "copy", " 4 "))
		weight.Close()
		closeAll(t, w)
		if fromFile != 1 || handed != 0 {
			t.Errorf("the weight of the file was copied %d times, want 1; the one handed over %d times, want 0", fromFile, handed)
		}
	})
}

// hex writes an address as the notes do.
func hex(p uintptr) string { return fmt.Sprintf("%#x", p) }
