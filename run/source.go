package run

import (
	"fmt"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/rewrite"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// source hands a network out in segments: backend.Source on an onnx.Model whose shapes are fixed.
type source struct {
	model   *onnx.Model
	holders int
	cuts    []rewrite.Cut
	fakes   map[string]int // tensor on a grid -> holder
	tensors map[string]backend.Tensor

	first    map[string]func(dst []byte, samples int) error // of the network's inputs, see backend.Tensor
	followed []network.Followed                             // constants that follow a holder's bit
}

var _ backend.Source = (*source)(nil)

// newSource cuts a switchable model, or a float one, for the given outputs.
func newSource(m *onnx.Model, holders int, outputs []string) (*source, error) {
	s := &source{model: m, holders: holders, cuts: rewrite.Cuts(m, variants.WithStates(m, outputs...)...), fakes: rewrite.FakeQuants(m), tensors: map[string]backend.Tensor{}}
	if len(m.States) > 0 { // what is behind a cut is in front of it in the next step
		s.cuts = []rewrite.Cut{s.cuts[0], s.cuts[len(s.cuts)-1]}
	}
	for _, v := range m.Values() {
		if v.Type == ir.Undefined || v.Dims == nil || slices.ContainsFunc(v.Dims, func(d int64) bool { return d < 0 }) {
			continue
		}
		s.tensors[v.Name] = backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: v.Dims}
	}
	return s, s.checkStates()
}

func (s *source) Holders() int { return s.holders }
func (s *source) Cuts() int    { return len(s.cuts) }

// Inputs implements backend.Source.
func (s *source) Inputs() []backend.Tensor {
	var list []backend.Tensor
	for _, v := range s.model.Inputs() {
		if v.Name != ir.MaskInput {
			list = append(list, s.input(backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: v.Dims}))
		}
	}
	return list
}

func (s *source) Segment(from, to int) (*backend.Segment, error) {
	return s.segment(rewrite.Segment(s.model, s.cuts[from], s.cuts[to]))
}

// Blocked implements backend.Source.
func (s *source) Blocked(from, to int, optimize func([]byte) ([]byte, error)) ([]byte, error) {
	m, err := rewrite.Blocked(rewrite.Segment(s.model, s.cuts[from], s.cuts[to]), optimize)
	if err != nil {
		return nil, err
	}
	return m.Bytes()
}

// segment describes a model whose inputs and outputs are tensors of the network.
func (s *source) segment(m *onnx.Model) (*backend.Segment, error) {
	out := &backend.Segment{}
	for _, v := range m.Inputs() {
		if v.Name == ir.MaskInput {
			out.Mask = v.Name
			continue
		}
		t, err := s.tensor(v.Name)
		if err != nil {
			return nil, err
		}
		out.Inputs = append(out.Inputs, t)
	}
	for _, v := range m.Outputs() {
		t, err := s.tensor(v.Name)
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
	s.follow(out, m)
	var err error
	out.Model, err = m.Bytes()
	return out, err
}

// follow tells a segment of the constants inside that follow holders.
func (s *source) follow(out *backend.Segment, m *onnx.Model) {
	inside := map[string]bool{}
	for _, t := range m.Graph().GetInitializer() {
		inside[t.GetName()] = len(s.followed) > 0
	}
	var here []network.Followed
	for _, f := range s.followed {
		if !inside[f.Name] {
			continue
		}
		here = append(here, f)
		out.Followed = append(out.Followed, backend.Followed{Name: f.Name, Holder: f.Holder, Dims: f.High.GetDims(), Value: f.Value})
	}
	if len(here) > 0 {
		out.Choose = func(low func(holder int) bool) ([]byte, error) { return pair.Choose(m, here, low).Bytes() }
		out.Open = func() ([]byte, error) { return pair.Open(m, here).Bytes() }
	}
}

func (s *source) tensor(name string) (backend.Tensor, error) {
	t, ok := s.tensors[name]
	if !ok {
		return t, fmt.Errorf("the shape of tensor %s is not known", name)
	}
	t = s.input(t)
	t.First = s.first[name]
	return t, nil
}

// axisOf is the axis on which the samples of a block lie in a tensor of a network with the shapes of a block; -1: on none.
func axisOf(m *onnx.Model, tensor string) int {
	axis, known := m.Axes[tensor]
	if !known && m.Axes != nil {
		return -1
	}
	return axis
}

// input tells a tensor, which may be an input of the network, how its samples lie.
func (s *source) input(t backend.Tensor) backend.Tensor {
	t.Alone, t.Steps, t.Fed, t.Axis = s.model.Alone, s.model.Steps[t.Name], variants.FedBy(s.model, t.Name), axisOf(s.model, t.Name)
	return t
}

func (s *source) Stored(cut int) []backend.StoredTensor {
	var list []backend.StoredTensor
	for _, name := range s.cuts[cut].Tensors {
		holder, ok := s.fakes[name]
		if !ok {
			holder = -1
		}
		list = append(list, backend.StoredTensor{Tensor: s.tensors[name], Holder: holder})
	}
	return list
}

func (s *source) Probe() (*backend.Segment, error) {
	names := s.model.Computed()
	names = slices.DeleteFunc(names, func(t string) bool { _, known := s.tensors[t]; return !known })
	return s.segment(variants.WithOutputs(s.model, names...))
}
