//go:build cuda && placement

package backend

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"demote/cgo"
	"demote/cgo/orttest"
	"demote/cuda"
	"demote/cuda/emutest"
	"demote/onnx/onnxpb"
	"demote/quant"
	"demote/search"
)

// What the backend asks of ONNX Runtime's real CUDA provider, on stand-in CUDA libraries (cuda/internal/standin): its kernels do nothing
// there, so no test looks at an output.

const placedBlock, placedRow = 8, 16

func placedGrid(t *testing.T) quant.Grid {
	t.Helper()
	grid, err := quant.GridOf(quant.QDQ, quant.Asymmetric, 8, quant.Range{Min: -1, Max: 2})
	if err != nil {
		t.Fatal(err)
	}
	return grid
}

// placed opens the device with the real provider in place of the CPU provider that stands in for it in other tests.
func placed(t *testing.T, holders int) *gpu {
	t.Helper()
	if err := cgo.Init(orttest.Path(t)); err != nil {
		t.Fatal(err)
	}
	grid := placedGrid(t)
	list := make([]quant.Record, holders)
	for i := range list {
		list[i] = quant.Record{Low: grid, High: grid}
	}
	d, err := openGPU(Options{Device: "cuda:0", Block: placedBlock, Level: 99}, list)
	if err != nil {
		t.Fatal(err)
	}
	g := d.(*gpu)
	g.standIn = false
	t.Cleanup(func() {
		g.Close()
		if left := emutest.Live(); left != "" {
			t.Errorf("left on the device: %s", left)
		}
	})
	return g
}

// stretch is x -> holder 0 -> Mul by w -> middle -> holder 1 -> y; w is an initializer, or an input that follows holder 0.
func stretch(t *testing.T, follows bool, middle ...*onnxpb.NodeProto) *Stretch {
	t.Helper()
	value := func(name string, elem onnxpb.TensorProto_DataType, dims ...int64) *onnxpb.ValueInfoProto {
		shape := &onnxpb.TensorShapeProto{}
		for _, d := range dims {
			shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}})
		}
		return &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
			TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(elem)), Shape: shape}}}}
	}
	holder := func(in, out string, index int64) *onnxpb.NodeProto {
		grid := placedGrid(t).Params().Floats()
		low := &onnxpb.AttributeProto{Name: proto.String("low"), Type: onnxpb.AttributeProto_FLOATS.Enum(), Floats: grid[:]}
		high := &onnxpb.AttributeProto{Name: proto.String("high"), Type: onnxpb.AttributeProto_FLOATS.Enum(), Floats: grid[:]}
		return &onnxpb.NodeProto{OpType: proto.String("FakeQuant"), Domain: proto.String("demote"), Name: proto.String(out), Input: []string{in, "demote.mask"},
			Output: []string{out}, Attribute: []*onnxpb.AttributeProto{{Name: proto.String("holder"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(index)}, low, high}}
	}
	last := "m"
	if len(middle) > 0 {
		last = middle[len(middle)-1].Output[0]
	}
	m := &onnxpb.ModelProto{IrVersion: proto.Int64(10),
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(21)}, {Domain: proto.String("demote"), Version: proto.Int64(1)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("g"),
			Input:  []*onnxpb.ValueInfoProto{value("x", onnxpb.TensorProto_FLOAT, placedBlock, placedRow), value("demote.mask", onnxpb.TensorProto_UINT8, 2)},
			Output: []*onnxpb.ValueInfoProto{value("y", onnxpb.TensorProto_FLOAT, placedBlock, placedRow)},
			Node: append(append([]*onnxpb.NodeProto{holder("x", "a", 0), {OpType: proto.String("Mul"), Name: proto.String("mul"), Input: []string{"a", "w"},
				Output: []string{"m"}}}, middle...), holder(last, "y", 1))}}
	s := &Stretch{Inputs: []Tensor{{Name: "x", Type: cgo.Float32, Dims: []int64{placedBlock, placedRow}}}, Mask: "demote.mask", Holders: []int{0, 1},
		Outputs: []Tensor{{Name: "y", Type: cgo.Float32, Dims: []int64{placedBlock, placedRow}}}}
	if follows {
		m.Graph.Input = append(m.Graph.Input, value("w", onnxpb.TensorProto_FLOAT, placedRow))
		s.Followed = []Followed{{Name: "w", Dims: []int64{placedRow}, Value: func(bool) ([]float32, error) { return make([]float32, placedRow), nil }}}
	} else {
		m.Graph.Initializer = []*onnxpb.TensorProto{{Name: proto.String("w"), DataType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)), Dims: []int64{placedRow},
			FloatData: make([]float32, placedRow)}}
	}
	var err error
	if s.Model, err = proto.Marshal(m); err != nil {
		t.Fatal(err)
	}
	s.Open = func() ([]byte, error) { return s.Model, nil }
	return s
}

// blocksOf makes resident blocks of x.
func blocksOf(t *testing.T, g *gpu, s *Stretch, n int) (list []block) {
	t.Helper()
	for i := range n {
		b, err := g.load(s.Inputs, []int{i}, func(int, []byte) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		list = append(list, b)
	}
	return list
}

// having returns the notes that contain a text.
func having(notes []string, text string) (n int) {
	for _, note := range notes {
		if strings.Contains(note, text) {
			n++
		}
	}
	return n
}

// TestPlacementNamesNodes holds that a network that the provider does not take whole is refused with the names of what it leaves.
func TestPlacementNamesNodes(t *testing.T) {
	g := placed(t, 2)
	node := func(op, name string, in []string, out string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: proto.String(op), Name: proto.String(name), Input: in, Output: []string{out}}
	}
	// The provider has no Atan.
	s := stretch(t, false, node("Atan", "the_activation", []string{"m"}, "n"))
	_, err := g.compile([]*Stretch{s}, s.Inputs, 1)
	const want = `these nodes of the network cannot run on the GPU: "the_activation" (Atan): search it with --device cpu`
	if !errors.Is(err, ErrInput) || !errors.Is(err, cuda.ErrPlacement) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestPlacementOfLanes runs a lane's blocks: the first run of a part is captured, and each later one is a copy of the block on the device
// and one launch of the graph, without a copy between host and device and without a wait; also where weights follow the mask.
func TestPlacementOfLanes(t *testing.T) {
	for _, c := range []struct {
		name    string
		follows bool
	}{{"weights of the file", false}, {"weights that follow", true}} {
		t.Run(c.name, func(t *testing.T) {
			g := placed(t, 2)
			s := stretch(t, c.follows)
			chain, err := g.compile([]*Stretch{s}, s.Inputs, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer chain.Close()
			data, l := blocksOf(t, g, s, 3), chain.lanes()[0].(*gpuLane)
			masks := []search.Mask{search.NewMask(2), search.NewMask(2)}
			masks[1].Demote(0)
			for i, b := range data {
				emutest.ResetNotes()
				copies, up := emutest.Counter("device_copies"), emutest.Counter("up_bytes")
				if err := l.do(func() error { return errors.Join(l.setMask(masks[i%2]), l.runPart(b, 0)) }); err != nil {
					t.Fatal(err)
				}
				notes := emutest.Notes(t)
				if n := having(notes, "capture begins"); (n == 1) != (i == 0) {
					t.Errorf("block %d: captured %d times", i, n)
				}
				if n := having(notes, "graph launch"); n != 1 {
					t.Errorf("block %d: %d launches of the graph: %q", i, n, notes)
				}
				if i > 0 && (having(notes, "copy") != 0 || having(notes, "launch _Z") != 0) {
					t.Errorf("block %d: %q", i, notes)
				}
				want := 1 // the block
				if c.follows {
					want++ // the mask that the weights are by
				}
				if n := emutest.Counter("device_copies") - copies; n != want && i > 0 {
					t.Errorf("block %d: %d copies on the device, want %d", i, n, want)
				}
				if n := emutest.Counter("up_bytes") - up; n != 1 {
					t.Errorf("block %d: %d bytes up, want the mask's one", i, n)
				}
			}
			if captured, why := l.graphs(); captured != 1 || why != "" {
				t.Errorf("%d parts captured, %s", captured, why)
			}
		})
	}
}

// TestPlacementWithoutGraphs holds that a part whose capture is refused runs plainly, at once and from then on, and says why.
func TestPlacementWithoutGraphs(t *testing.T) {
	for _, function := range []string{"cudaStreamBeginCapture", "cudaGraphInstantiate"} {
		t.Run(function, func(t *testing.T) {
			g := placed(t, 2)
			s := stretch(t, false)
			chain, err := g.compile([]*Stretch{s}, s.Inputs, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer chain.Close()
			emutest.Fail(t, function)
			l := chain.lanes()[0].(*gpuLane)
			for i, b := range blocksOf(t, g, s, 2) {
				emutest.ResetNotes()
				if err := l.do(func() error { return l.runPart(b, 0) }); err != nil {
					t.Fatal(err)
				}
				notes := emutest.Notes(t)
				if i > 0 && (having(notes, "capture") != 0 || having(notes, "launch _Z") == 0) {
					t.Errorf("block %d: %q, want plain launches", i, notes)
				}
			}
			if captured, why := l.graphs(); captured != 0 || !strings.Contains(why, "900") {
				t.Errorf("%d parts captured, %q", captured, why)
			}
		})
	}
}
