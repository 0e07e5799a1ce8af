package segments

import (
	"errors"
	"fmt"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/rewrite"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// Source returns a network in segments: it implements backend.Source for a model with fixed shapes.
type Source struct {
	Model   *onnx.Model
	holders int
	outputs []string // that New was given
	fuses   bool     // segments are fused, see rewrite.Fused
	cuts    []rewrite.Cut
	fakes   map[string]int // tensor on a grid -> holder
	Tensors map[string]backend.Tensor

	first    map[string]func(dst []byte, samples int) error // of the network's inputs, see backend.Tensor
	fed      map[string]string                              // float inputs that are made of bytes -> the input of these
	followed []network.Followed                             // constants that follow a holder's bit
}

var _ backend.Source = (*Source)(nil)

// New cuts a switchable model, or a float one, for the given outputs.
func New(m *onnx.Model, holders int, outputs []string) (*Source, error) {
	s := &Source{Model: m, holders: holders, outputs: outputs, cuts: rewrite.Cuts(m, variants.WithStates(m, outputs...)...), fakes: rewrite.FakeQuants(m), Tensors: map[string]backend.Tensor{}}
	if len(m.States) > 0 { // what is behind a cut is in front of it in the next step
		s.cuts = []rewrite.Cut{s.cuts[0], s.cuts[len(s.cuts)-1]}
	}
	for _, v := range m.Values() {
		if v.Type == ir.Undefined || v.Dims == nil || slices.ContainsFunc(v.Dims, func(d int64) bool { return d < 0 }) {
			continue
		}
		s.Tensors[v.Name] = backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: v.Dims}
	}
	return s, s.checkStates()
}

// Holders implements backend.Source.
func (s *Source) Holders() int { return s.holders }

// Cuts implements backend.Source.
func (s *Source) Cuts() int { return len(s.cuts) }

// Inputs implements backend.Source.
func (s *Source) Inputs() []backend.Tensor {
	var list []backend.Tensor
	for _, v := range s.Model.Inputs() {
		if v.Name != ir.MaskInput {
			list = append(list, s.input(backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: v.Dims}))
		}
	}
	return list
}

// Direct implements backend.Source.
func (s *Source) Direct() [][]int {
	list, nodes := make([][]int, len(s.Inputs())), map[int64]int{}
	at := map[string]int{}
	for i, in := range s.Inputs() {
		at[in.Name] = i
	}
	for float, bytes := range s.fed {
		at[float] = at[bytes]
	}
	fakes := slices.DeleteFunc(slices.Clone(s.Model.Graph().GetNode()), func(n ir.Node) bool {
		return n.GetOpType() != ir.FakeQuantOp || n.GetDomain() != ir.FakeQuantDomain
	})
	for _, n := range fakes {
		nodes[ir.AttrInt(n, "holder", -1)]++
	}
	for _, n := range fakes {
		h := ir.AttrInt(n, "holder", -1)
		if input, ok := at[ir.Input(n, 0)]; ok && h >= 0 && nodes[h] == 1 {
			list[input] = append(list[input], int(h))
		}
	}
	return list
}

// Whole is the network from its first cut to its last.
func (s *Source) Whole() *onnx.Model {
	return rewrite.Segment(s.Model, s.cuts[0], s.cuts[len(s.cuts)-1])
}

// Segment implements backend.Source.
func (s *Source) Segment(from, to int) (*backend.Segment, error) {
	return s.Of(rewrite.Segment(s.Model, s.cuts[from], s.cuts[to]))
}

// Behind implements backend.Source.
func (s *Source) Behind(from int, later []int) (*backend.Segment, error) {
	var list []rewrite.Cut
	for _, cut := range later {
		list = append(list, s.cuts[cut])
	}
	m, left := rewrite.Behind(s.Model, s.cuts[from], s.cuts[len(s.cuts)-1], list)
	out, err := s.Of(m)
	if err != nil {
		return nil, err
	}
	own := len(out.Outputs) - left
	out.Outputs, out.Left = out.Outputs[:own:own], out.Outputs[own:]
	isTaken := func(t backend.Tensor) bool { return slices.Contains(s.cuts[from].Tensors, t.Name) }
	for _, t := range out.Inputs {
		if isTaken(t) {
			out.Taken = append(out.Taken, t)
		}
	}
	out.Inputs = slices.DeleteFunc(out.Inputs, isTaken)
	return out, nil
}

var errNothingBlocked = errors.New("there is no convolution, at which the blocked layout begins")

// Blocked implements backend.Source.
func (s *Source) Blocked(from, to int, optimize func(backend.Model) (string, error)) (backend.Model, error) {
	part := rewrite.Segment(s.Model, s.cuts[from], s.cuts[to])
	if !slices.ContainsFunc(part.Graph().GetNode(), func(n ir.Node) bool { return n.GetOpType() == "Conv" }) {
		return backend.Model{}, errNothingBlocked
	}
	m, err := rewrite.Blocked(part, blocks.Optimizing(optimize))
	if err != nil {
		return backend.Model{}, err
	}
	return blocks.ModelOf(m)
}

// Of describes a model whose inputs and outputs are tensors of the network.
func (s *Source) Of(m *onnx.Model) (*backend.Segment, error) {
	out := &backend.Segment{}
	for _, v := range m.Inputs() {
		if v.Name == ir.MaskInput {
			out.Mask = v.Name
			continue
		}
		t, err := s.Tensor(v.Name)
		if err != nil {
			return nil, err
		}
		out.Inputs = append(out.Inputs, t)
	}
	for _, v := range m.Outputs() {
		t, err := s.Tensor(v.Name)
		if err != nil {
			return nil, err
		}
		out.Outputs = append(out.Outputs, t)
	}
	for _, h := range rewrite.FakeQuants(m) {
		out.Holders = append(out.Holders, h)
	}
	slices.Sort(out.Holders)
	if out.Empty = len(m.Graph().GetNode()) == 0; out.Empty {
		return out, nil
	}
	if s.fuses {
		m = rewrite.Fused(m)
	}
	s.follow(out, m)
	var err error
	out.Model, err = blocks.ModelOf(m)
	return out, err
}

// follow adds to a segment its constants that follow holders.
func (s *Source) follow(out *backend.Segment, m *onnx.Model) {
	if len(s.followed) == 0 {
		return
	}
	inside := map[string]bool{}
	for _, t := range m.Graph().GetInitializer() {
		inside[t.GetName()] = true
	}
	read := ir.TimesRead(m.Graph())
	var here []network.Followed
	for _, f := range s.followed {
		if !inside[f.Name] {
			continue
		}
		here = append(here, f)
		out.Followed = append(out.Followed, backend.Followed{Name: f.Name, Holder: f.Holder, Dims: f.High.GetDims(), Reads: read[f.Name], Value: f.Value})
	}
	if len(here) > 0 {
		out.Choose = func(low func(holder int) bool) (backend.Model, error) {
			return blocks.ModelOf(pair.Choose(m, here, low))
		}
		out.Open = func() (backend.Model, error) { return blocks.ModelOf(pair.Open(m, here)) }
	}
}

// Tensor describes a tensor of the network by its name.
func (s *Source) Tensor(name string) (backend.Tensor, error) {
	t, ok := s.Tensors[name]
	if !ok {
		return t, fmt.Errorf("the shape of tensor %s is not known", name)
	}
	t = s.input(t)
	t.First = s.first[name]
	return t, nil
}

// AxisOf returns the axis of the samples of a block in a tensor of a network with the shapes of a block; -1: there is
// none.
func AxisOf(m *onnx.Model, tensor string) int {
	axis, known := m.Axes[tensor]
	if !known && m.Axes != nil {
		return -1
	}
	return axis
}

// input sets the axis of the samples of a tensor, which may be an input of the network.
func (s *Source) input(t backend.Tensor) backend.Tensor {
	t.Alone, t.Steps, t.Fed, t.Axis = s.Model.Alone, s.Model.Steps[t.Name], variants.FedBy(s.Model, t.Name), AxisOf(s.Model, t.Name)
	return t
}

// Stored implements backend.Source.
func (s *Source) Stored(cut int) []backend.StoredTensor {
	var list []backend.StoredTensor
	for _, name := range s.cuts[cut].Tensors {
		holder, ok := s.fakes[name]
		if !ok {
			holder = -1
		}
		list = append(list, backend.StoredTensor{Tensor: s.Tensors[name], Holder: holder})
	}
	return list
}

// Probe implements backend.Source.
func (s *Source) Probe() (*backend.Segment, error) {
	names := s.Model.Computed()
	names = slices.DeleteFunc(names, func(name string) bool { // codes of 4 bits have no size of their own
		t, known := s.Tensors[name]
		return !known || ir.ElemBits(ir.DType(t.Type)) < 8
	})
	return s.Of(variants.WithOutputs(s.Model, names...))
}

// checkStates sees, once all shapes are known, that what is fed back has the shape of the input that it is fed to.
func (s *Source) checkStates() error {
	inputs := blocks.ByName(s.Model.Inputs())
	for _, st := range s.Model.States {
		v, read := inputs[st.Input]
		out, known := s.Tensors[st.Output]
		if read && known && !slices.Equal(out.Dims, v.Dims) {
			return mistake.Errorf("--state %s:%s: for these samples output %s is %s and input %s is %s: a state has one shape, which does not grow", st.Output, st.Input, st.Output, blocks.AxesText(out.Dims), st.Input, blocks.AxesText(v.Dims))
		}
	}
	return nil
}
