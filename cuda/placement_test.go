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

	"demote/cgo"
	"demote/cuda"
	"demote/cuda/emutest"
	"demote/onnx"
	"demote/onnx/onnxpb"
	"demote/quant"
)

// The real CUDA provider of onnxruntime-gpu on stand-in CUDA libraries (cuda/internal/standin): what it takes, refuses and asks for. Its
// kernels do nothing there, so no test looks at an output.

const batch = 20

// prepared is a network with fixed shapes, ready to be made switchable.
type prepared struct {
	name    string
	network *onnx.Network
	records []quant.Record
}

// fixed reads a network and gives its inputs a fixed batch.
func fixed(t *testing.T, path string) *onnx.Model {
	t.Helper()
	m, err := onnx.Read(path)
	do(t, err)
	shapes := map[string][]int64{}
	for _, in := range m.Inputs() {
		shapes[in.Name] = append([]int64{batch}, in.Dims[1:]...)
	}
	return m.WithShapes(shapes)
}

// everyNetwork returns all networks of this repository: float ones with made-up ranges, and a 16-bit one of Sony's toolkit.
func everyNetwork(t *testing.T) []prepared {
	t.Helper()
	var list []prepared
	for _, path := range []string{"../examples/fashion/model.onnx", "../testdata/fashion-dscnn-uneven/model.onnx", "../testdata/fashion-vit/model.onnx"} {
		n, err := onnx.Prepare(fixed(t, path), onnx.Options{})
		do(t, err)
		do(t, n.QuantizeWeights())
		list = append(list, prepared{path, n, make([]quant.Record, len(n.Holders))})
	}
	n, _, err := onnx.ReadMCTQ(fixed(t, "../testdata/mctq/m16.onnx"), quant.MCTQ)
	do(t, err)
	list = append(list, prepared{"../testdata/mctq/m16.onnx", n, make([]quant.Record, len(n.Holders))})
	for _, p := range list {
		for i := range p.records {
			p.records[i] = records(t)[i%9]
		}
	}
	return list
}

// switchable returns the bytes of a network with a FakeQuant at each holder.
func (p prepared) switchable(t *testing.T) []byte {
	t.Helper()
	m, err := p.network.Switchable(p.records)
	do(t, err)
	data, err := m.Bytes()
	do(t, err)
	return data
}

// place makes a session on the CUDA provider with every option that a search sets.
func place(d *cuda.Device, s *cuda.Stream, model []byte, table *cuda.Buffer[quant.Params], change func(*cgo.Options, *cgo.CUDAOptions)) (*cgo.Session, error) {
	o := cgo.Options{Level: 99, Config: map[string]string{"session.disable_quant_qdq": "1", "session.disable_double_qdq_remover": "1"}}
	c := cgo.CUDAOptions{Provider: cgo.Provider{Device: 0, Stream: s.Handle(), Graph: true, MemoryLimit: 1 << 30}, Launcher: launcher(d, s, table)}
	if change != nil {
		change(&o, &c)
	}
	return cgo.NewCUDASession(model, o, c)
}

func TestPlacementOfEveryNetwork(t *testing.T) {
	openRuntime(t)
	for _, p := range everyNetwork(t) {
		t.Run(filepath.Base(filepath.Dir(p.name)), func(t *testing.T) {
			onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
				table := upload(t, d, s, "records", cuda.RecordTable(p.records))
				optimized := filepath.Join(t.TempDir(), "optimized.onnx")
				session, err := place(d, s, p.switchable(t), table, func(o *cgo.Options, _ *cgo.CUDAOptions) { o.OptimizedPath = optimized })
				if err != nil {
					t.Fatalf("%s: %v", p.name, cuda.Explain(err))
				}
				session.Close()
				holders, copies := count(t, optimized)
				if holders != len(p.records) || copies != 0 {
					t.Errorf("%s: %d FakeQuant nodes of %d, %d copies between host and device", p.name, holders, len(p.records), copies)
				}
				closeAll(t, table)
			})
		})
	}
}

// count returns the FakeQuant and the Memcpy nodes of a model that ONNX Runtime has optimized and placed.
func count(t *testing.T, path string) (holders, copies int) {
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
	return holders, copies
}

// An export with 16-bit QuantizeLinear cannot run on CUDA, and says so instead of going back and forth to the host.
func TestPlacementOfInt16IsRefused(t *testing.T) {
	openRuntime(t)
	p := everyNetwork(t)[0]
	for i := range p.records {
		p.records[i] = records(t)[0] // the formula qdq
	}
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		table := upload(t, d, s, "records", cuda.RecordTable(p.records))
		m, err := p.network.QDQ(p.records, make([]bool, len(p.records)))
		do(t, err)
		data, err := m.Bytes()
		do(t, err)
		for _, graph := range []bool{false, true} {
			session, err := place(d, s, data, table, func(_ *cgo.Options, c *cgo.CUDAOptions) { c.Provider.Graph = graph })
			if err == nil {
				session.Close()
				t.Fatal("16-bit QuantizeLinear was placed on CUDA")
			}
			if explained := cuda.Explain(err); !errors.Is(explained, cuda.ErrPlacement) {
				t.Errorf("graph %v: %v", graph, explained)
			}
		}
		closeAll(t, table)
	})
}

// small is a network without convolutions, which the stand-in libraries can run: holder, Mul by w, holder.
func small(t *testing.T, d *cuda.Device, s *cuda.Stream, change func(*cgo.Options, *cgo.CUDAOptions)) (*cgo.Session, *cgo.Binding, func()) {
	t.Helper()
	const n = 3001
	list := []quant.Record{records(t)[0], records(t)[4]}
	table, mask := upload(t, d, s, "records", cuda.RecordTable(list)), upload(t, d, s, "mask", make([]uint8, len(list)))
	x, y := upload(t, d, s, "x", make([]float32, n)), room[float32](t, d, "y", n)
	session, err := place(d, s, network(t, list, n), table, change)
	if err != nil {
		t.Fatal(err)
	}
	binding, err := session.NewBinding()
	do(t, err)
	var tensors []*cgo.DeviceTensor
	bind := func(find func(string) (cgo.Slot, error), name string, address uintptr, elem cgo.DType, n int64) {
		v, err := cgo.NewDeviceTensor(address, 0, elem, n)
		do(t, err)
		at, err := find(name)
		do(t, err)
		do(t, binding.BindDevice(at, v))
		tensors = append(tensors, v)
	}
	bind(binding.Input, "x", x.Address(), cgo.Float32, n)
	bind(binding.Input, "demote.mask", mask.Address(), cgo.Uint8, int64(len(list)))
	bind(binding.Output, "y", y.Address(), cgo.Float32, n)
	return session, binding, func() {
		binding.Close()
		session.Close()
		for _, v := range tensors {
			v.Close()
		}
		closeAll(t, table, mask, x, y)
	}
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

// A run copies nothing, waits for nothing, and puts all its work into our stream: ONNX Runtime's launches by their stream argument, ours
// because the stream that the emulated driver knows has work in it and no other exists.
func TestPlacementOfRuns(t *testing.T) {
	emutest.Set(t, "seed=0")
	openRuntime(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		_, binding, closing := small(t, d, s, func(_ *cgo.Options, c *cgo.CUDAOptions) { c.Provider.Graph = false })
		plain, err := cgo.NewRunOptions(cgo.GraphRun(cgo.NoGraph))
		do(t, err)
		do(t, s.Synchronize())
		emutest.ResetNotes()
		before := emutest.Counter("launches")
		do(t, binding.RunWith(plain))
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
		plain.Close()
		closing()
	})
}

// With graph mode the first run of a graph number is captured after two plain ones, and the next one is one launch of the graph.
func TestPlacementOfGraphs(t *testing.T) {
	openRuntime(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		_, binding, closing := small(t, d, s, nil)
		for graph := 1; graph <= 2; graph++ {
			options, err := cgo.NewRunOptions(cgo.GraphRun(graph))
			do(t, err)
			emutest.ResetNotes()
			do(t, binding.RunWith(options))
			if got := having(emutest.Notes(t), "capture begins"); len(got) != 1 {
				t.Errorf("graph %d: the first run captured %d times", graph, len(got))
			}
			emutest.ResetNotes()
			do(t, binding.RunWith(options))
			notes := emutest.Notes(t)
			if len(having(notes, "graph launch", hex(s.Handle()))) != 1 || len(having(notes, "capture")) != 0 || len(having(notes, "launch _Z")) != 0 {
				t.Errorf("graph %d: the second run did %q, want one launch of the graph", graph, notes)
			}
			options.Close()
		}
		plain, err := cgo.NewRunOptions(cgo.GraphRun(cgo.NoGraph))
		do(t, err)
		emutest.ResetNotes()
		do(t, binding.RunWith(plain))
		if got := having(emutest.Notes(t), "graph launch"); len(got) != 0 {
			t.Errorf("a run without a graph number replayed: %q", got)
		}
		plain.Close()
		closing()
	})
}

// An initializer that is handed over on the device is used in place; the file's would be copied up.
func TestPlacementOfInitializers(t *testing.T) {
	openRuntime(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		emutest.ResetNotes()
		_, _, closing := small(t, d, s, nil)
		fromFile := len(having(emutest.Notes(t), "copy", " 4 "))
		closing()
		w := upload(t, d, s, "w", []float32{2})
		v, err := cgo.NewDeviceTensor(w.Address(), 0, cgo.Float32, 1)
		do(t, err)
		emutest.ResetNotes()
		_, _, closing = small(t, d, s, func(_ *cgo.Options, c *cgo.CUDAOptions) { c.Initializers = map[string]*cgo.DeviceTensor{"w": v} })
		handed := len(having(emutest.Notes(t), "copy", " 4 "))
		closing()
		v.Close()
		closeAll(t, w)
		if fromFile != 1 || handed != 0 {
			t.Errorf("the weight of the file was copied %d times, want 1; the one handed over %d times, want 0", fromFile, handed)
		}
	})
}

// hex writes an address as the notes do.
func hex(p uintptr) string { return fmt.Sprintf("%#x", p) }
