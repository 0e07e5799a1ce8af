package variants

import (
	"maps"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// A Step is an operator with a constant, of as many numbers as there are channels, that is applied to an input.
type Step struct {
	Op     string // Mul, Sub or Div
	Values []float32
	Dims   []int64 // of Values, as they are broadcast
}

// ByteInput changes a float32 input of known shape so that it takes bytes, under a new name, which it returns. The old
// input becomes the output of a Cast and the steps. The order of the inputs stays. It panics if the graph has no such
// input.
func ByteInput(m *ir.Model, input string, steps []Step) string {
	b := byteInput(m, input)
	b.then("Cast", ir.Float).Attribute = []*onnxpb.AttributeProto{ir.IntAttr("to", int64(ir.Float))}
	for _, s := range steps {
		c := ir.NewFloats(b.names.Fresh(input+":"+s.Op), s.Dims, s.Values)
		b.then(s.Op, ir.Float, c)
	}
	return b.end()
}

// ByteTable is ByteInput with a table: byte v of channel c becomes element 256*c+v. dims are the broadcast dimensions
// of one number per channel; one channel has none.
func ByteTable(m *ir.Model, input string, table []float32, dims []int64) string {
	b := byteInput(m, input)
	b.then("Cast", ir.Int32).Attribute = []*onnxpb.AttributeProto{ir.IntAttr("to", int64(ir.Int32))}
	if channels := len(table) / 256; channels > 1 {
		first := make([]int64, channels)
		for c := range first {
			first[c] = int64(256 * c)
		}
		b.then("Add", ir.Int32, ir.NewInts(b.names.Fresh(input+":Add"), ir.Int32, dims, first))
	}
	t := ir.NewFloats(b.names.Fresh(input+":Gather"), []int64{int64(len(table))}, table)
	n := b.then("Gather", ir.Float, t)
	n.Input[0], n.Input[1] = n.Input[1], n.Input[0]
	return b.end()
}

// A byteFed is a network while an input of it becomes one of bytes.
type byteFed struct {
	m     *ir.Model
	names *ir.Names
	fed   string // the input's new name
	made  *onnxpb.ValueInfoProto
	nodes []ir.Node
	last  ir.DType // of what the last of them makes
}

func byteInput(m *ir.Model, input string) *byteFed {
	g := m.Graph()
	at := slices.IndexFunc(g.Input, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == input })
	if at < 0 {
		panic("onnx: no input " + input)
	}
	b := &byteFed{m: m, names: ir.NewNames(g), made: g.Input[at]}
	b.fed = b.names.Fresh(input + ":bytes")
	g.Input = slices.Clone(g.Input)
	g.Input[at] = ir.NewValue(b.fed, ir.Uint8, ir.ValueOf(b.made).Dims)
	if !slices.ContainsFunc(g.Output, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == input }) {
		g.ValueInfo = append(g.ValueInfo, b.made)
	}
	return b
}

// then adds a node that makes the input, of a type so far, out of what made it before, and of a constant if there is
// one.
func (b *byteFed) then(op string, to ir.DType, constant ...*onnxpb.TensorProto) ir.Node {
	g, input, from := b.m.Graph(), b.made.GetName(), b.fed
	if n := len(b.nodes); n > 0 {
		from = b.names.Fresh(input + ":before" + op)
		b.nodes[n-1].Output[0] = from
		g.ValueInfo = append(g.ValueInfo, ir.NewValue(from, b.last, ir.ValueOf(b.made).Dims))
	}
	n := ir.NewNode(op, b.names.Fresh(input+":make"+op), []string{from}, []string{input})
	for _, c := range constant {
		g.Initializer = append(g.Initializer, c)
		n.Input = append(n.Input, c.GetName())
	}
	b.nodes, b.last = append(b.nodes, n), to
	return n
}

// end puts the nodes in front of the network's own, and returns the input's new name.
func (b *byteFed) end() string {
	g := b.m.Graph()
	g.Node = append(b.nodes, g.Node...)
	if steps, known := b.m.Steps[b.made.GetName()]; known {
		b.m.Steps = maps.Clone(b.m.Steps)
		b.m.Steps[b.fed] = steps
	}
	if axis, known := b.m.Axes[b.made.GetName()]; known {
		b.m.Axes = maps.Clone(b.m.Axes)
		b.m.Axes[b.fed] = axis
	}
	return b.fed
}
