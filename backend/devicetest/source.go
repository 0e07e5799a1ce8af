package devicetest

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/device"
	"example.org/demote/onnx/onnxpb"
)

var (
	_ device.Source  = (*Toy)(nil)
	_ device.Samples = (*Toy)(nil)
	_ device.Entries = entries{}
)

// Holders implements device.Source.
func (t *Toy) Holders() int { return toyHolders }

// Inputs implements device.Source.
func (t *Toy) Inputs() []device.Tensor { return []device.Tensor{t.tensor("x")} }

// Cuts implements device.Source.
func (t *Toy) Cuts() int { return len(t.cuts) }

// Segment implements device.Source.
func (t *Toy) Segment(from, to int) (*device.Segment, error) {
	nodes := slices.Concat(t.stages[from:to]...)
	var outputs []string
	for _, name := range t.cuts[to] {
		if makes(nodes, name) {
			outputs = append(outputs, name)
		}
	}
	return t.segment(nodes, outputs)
}

// Probe implements device.Source. The samples are among its outputs, as x0.
func (t *Toy) Probe() (*device.Segment, error) {
	nodes := append([]*onnxpb.NodeProto{node("Identity", "x0", "x")}, slices.Concat(t.stages...)...)
	var outputs []string
	for _, n := range nodes {
		outputs = append(outputs, n.Output...)
	}
	return t.segment(nodes, outputs)
}

// Stored implements device.Source.
func (t *Toy) Stored(cut int) (list []device.StoredTensor) {
	for _, name := range t.cuts[cut] {
		list = append(list, device.StoredTensor{Tensor: t.tensor(name), Holder: t.holderOf(name)})
	}
	return list
}

// Direct implements device.Source.
func (t *Toy) Direct() [][]int { return [][]int{{0}} }

// Behind implements device.Source.
func (t *Toy) Behind(from int, later []int) (*device.Segment, error) {
	nodes := slices.Concat(t.stages[from:]...)
	outputs := []string{"y"}
	for _, cut := range later {
		for _, name := range t.cuts[cut] {
			if makes(nodes, name) && !slices.Contains(outputs, name) {
				outputs = append(outputs, name)
			}
		}
	}
	s, err := t.segment(nodes, outputs)
	if err != nil {
		return nil, err
	}
	s.Outputs, s.Left = s.Outputs[:1:1], s.Outputs[1:]
	taken := func(in device.Tensor) bool { return from > 0 && slices.Contains(t.cuts[from], in.Name) }
	for _, in := range s.Inputs {
		if taken(in) {
			s.Taken = append(s.Taken, in)
		}
	}
	s.Inputs = slices.DeleteFunc(s.Inputs, taken)
	return s, nil
}

// Blocked implements device.Source.
func (t *Toy) Blocked(int, int, func(device.Model) (string, error)) (device.Model, error) {
	return device.Model{}, device.ErrNotHere
}

// Coded implements device.Source. Nothing is taken from what was optimized, and nothing where weights follow the
// mask.
func (t *Toy) Coded(optimize func(device.Model) (string, error)) (device.Entries, error) {
	if optimize != nil || t.follows {
		return nil, device.ErrNotHere
	}
	return entries{t}, nil
}

// holderOf is the holder on whose grid a tensor of a cut lies; -1: on none.
func (t *Toy) holderOf(name string) int {
	return slices.Index([]string{"q0", "a1", "a2", "a3"}, name)
}

// segment describes nodes whose inputs and outputs are tensors of the network.
func (t *Toy) segment(nodes []*onnxpb.NodeProto, outputs []string) (*device.Segment, error) {
	s := &device.Segment{}
	for _, n := range nodes {
		for _, in := range n.Input {
			_, known := t.widths[in]
			if known && !makes(nodes, in) && !slices.ContainsFunc(s.Inputs, func(o device.Tensor) bool { return o.Name == in }) {
				s.Inputs = append(s.Inputs, t.tensor(in))
			}
		}
	}
	for _, name := range outputs {
		s.Outputs = append(s.Outputs, t.tensor(name))
	}
	return s, t.file(s, nodes)
}

// file writes a segment's model.
func (t *Toy) file(s *device.Segment, nodes []*onnxpb.NodeProto) (err error) {
	for _, n := range nodes {
		if n.GetDomain() == maskDomain {
			s.Mask = maskName
			if h := int(n.Attribute[0].GetI()); n.GetOpType() != "FromCodes" {
				s.Holders = append(s.Holders, h)
			}
		}
	}
	inputs := slices.Concat(s.Inputs, s.Taken)
	if s.Mask != "" {
		inputs = append(inputs, maskOf(toyHolders))
	}
	write := func(w1 string, open bool) (device.Model, error) {
		var constants []*onnxpb.TensorProto
		in := inputs
		for _, name := range slices.Sorted(maps.Keys(t.weights)) {
			if !slices.ContainsFunc(nodes, func(n *onnxpb.NodeProto) bool { return slices.Contains(n.Input, name) }) {
				continue
			}
			values := t.weights[name]
			if name == "w1" {
				if values = t.weights[w1]; open {
					in = append(slices.Clone(in), device.Tensor{Name: name, Type: device.Float32, Dims: t.dimsOf(name)})
					continue
				}
			}
			constants = append(constants, constant(name, values, t.dimsOf(name)...))
		}
		return model(nodes, constants, in, slices.Concat(s.Outputs, s.Left))
	}
	if t.follows && slices.ContainsFunc(nodes, func(n *onnxpb.NodeProto) bool { return slices.Contains(n.Input, "w1") }) {
		pick := func(low bool) string {
			if low {
				return "w1:low"
			}
			return "w1"
		}
		s.Followed = []device.Followed{{Name: "w1", Holder: 1, Dims: t.dimsOf("w1"), Reads: 1, Value: func(low bool) ([]float32, error) { return slices.Clone(t.weights[pick(low)]), nil }}}
		s.Choose = func(low func(holder int) bool) (device.Model, error) { return write(pick(low(1)), false) }
		s.Open = func() (device.Model, error) { return write("w1", true) }
	}
	s.Model, err = write("w1", false)
	return err
}

// dimsOf are those of an initializer.
func (t *Toy) dimsOf(name string) []int64 {
	return map[string][]int64{"w0": {toyIn, toyHidden}, "b0": {toyHidden}, "w1": {toyHidden, toyMiddle}, "w2": {toyMiddle, toyClasses}, "w3": {toyHidden, toyClasses},
		"w4": {toyClasses, toyClasses}, "b4": {toyClasses}}[name]
}

// makes tells whether some node makes a tensor.
func makes(nodes []*onnxpb.NodeProto, tensor string) bool {
	return slices.ContainsFunc(nodes, func(n *onnxpb.NodeProto) bool { return slices.Contains(n.Output, tensor) })
}

// entries are the toy from each of its cuts to its end.
type entries struct{ *Toy }

// Stored implements device.Entries.
func (e entries) Stored(cut int) (list []device.StoredTensor) {
	for _, s := range e.Toy.Stored(cut) {
		s.Name, s.Type, s.Coded = s.Name+":codes", device.Uint16, true
		list = append(list, s)
	}
	return list
}

// Entry implements device.Entries.
func (e entries) Entry(from int, later []int) (*device.Segment, error) {
	var nodes []*onnxpb.NodeProto
	s := &device.Segment{Outputs: []device.Tensor{e.tensor("y")}}
	if from == 0 {
		s.Inputs = e.Inputs()
	} else {
		for i, t := range e.Stored(from) {
			s.Taken = append(s.Taken, t.Tensor)
			nodes = append(nodes, fakeQuant("FromCodes", t.Holder, t.Name, e.cuts[from][i]))
		}
	}
	for _, stage := range e.stages[from:] {
		for _, n := range stage {
			for _, cut := range later {
				if at := slices.Index(e.cuts[cut], n.Output[0]); at >= 0 && len(n.Output) == 1 {
					t := e.Stored(cut)[at]
					n = proto.Clone(n).(*onnxpb.NodeProto)
					n.OpType, n.Output = proto.String("FakeQuantCodes"), []string{n.Output[0], t.Name}
					s.Left = append(s.Left, t.Tensor)
				}
			}
			nodes = append(nodes, n)
		}
	}
	return s, e.file(s, nodes)
}
