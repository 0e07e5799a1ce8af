//go:build cuda && !gpu

package gpu

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
	"example.org/demote/cuda/emutest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

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
	g := emulated(t, holders)
	g.standIn = false
	return g
}

// emulated opens the emulated device.
func emulated(t *testing.T, holders int) *gpu {
	t.Helper()
	if err := cgo.Init(orttest.Path(t)); err != nil {
		t.Fatal(err)
	}
	grid := placedGrid(t)
	list := make([]quant.Record, holders)
	for i := range list {
		list[i] = quant.Record{Low: grid, High: grid}
	}
	d, err := openGPU(context.Background(), device.Options{Name: "cuda:0", Records: list, Block: placedBlock, Level: 99})
	if err != nil {
		t.Fatal(err)
	}
	g := d.(*gpu)
	t.Cleanup(func() {
		g.Close()
		if left := emutest.Live(); left != "" {
			t.Errorf("left on the device: %s", left)
		}
	})
	return g
}

// segment is x -> holder 0 -> Mul by w -> middle -> holder 1 -> y; w is an initializer, or an input that follows
// holder 0.
func segment(t *testing.T, follows bool, middle ...*onnxpb.NodeProto) *device.Segment {
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
	s := &device.Segment{Inputs: []device.Tensor{{Name: "x", Type: cgo.Float32, Dims: []int64{placedBlock, placedRow}}}, Mask: "demote.mask", Holders: []int{0, 1},
		Outputs: []device.Tensor{{Name: "y", Type: cgo.Float32, Dims: []int64{placedBlock, placedRow}}}}
	if follows {
		m.Graph.Input = append(m.Graph.Input, value("w", onnxpb.TensorProto_FLOAT, placedRow))
		s.Followed = []device.Followed{{Name: "w", Dims: []int64{placedRow}, Value: func(bool) ([]float32, error) { return make([]float32, placedRow), nil }}}
	} else {
		m.Graph.Initializer = []*onnxpb.TensorProto{{Name: proto.String("w"), DataType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)), Dims: []int64{placedRow},
			FloatData: make([]float32, placedRow)}}
	}
	var err error
	if s.Model.Bytes, err = proto.Marshal(m); err != nil {
		t.Fatal(err)
	}
	s.Open = func() (device.Model, error) { return s.Model, nil }
	return s
}

// laneOf compiles a segment, and is the lane that runs it.
func laneOf(t *testing.T, g *gpu, s *device.Segment) *lane {
	t.Helper()
	chain, err := g.Compile([]*device.Segment{s}, s.Inputs, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(chain.Close)
	return chain.Lanes()[0].(*lane)
}

// blocksOf makes resident blocks of x.
func blocksOf(t *testing.T, g *gpu, s *device.Segment, n int) (list []device.Block) {
	t.Helper()
	for i := range n {
		b, err := g.Load(s.Inputs, []int{i}, func(int, []byte) error { return nil })
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
