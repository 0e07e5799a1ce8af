package segments

import (
	"context"
	"errors"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/rewrite"
	"example.org/demote/onnx"
)

// errFollowed says that a network cannot start from codes, since constants follow the mask.
var errFollowed = errors.New("constants follow the mask")

// codedSource hands out a network from its cuts on, which are handed over as codes.
type codedSource struct {
	*Source
	network *rewrite.CodedNetwork
	optimal bool
}

// Coded implements backend.Source. Constants that follow the mask want the source's own segments.
func (s *Source) Coded(optimize func(backend.Model) (string, error)) (backend.Entries, error) {
	if len(s.followed) > 0 {
		return nil, errFollowed
	}
	c := &codedSource{Source: s, optimal: optimize != nil}
	var optimized *onnx.Model
	var err error
	if optimize != nil {
		if optimized, err = rewrite.Blocked(s.Model, blocks.Optimizing(optimize)); err != nil {
			return nil, err
		}
	}
	c.network, err = rewrite.Coded(s.Model, s.cuts, optimized, s.measure)
	return c, err
}

// measure asks the runtime for the shapes of tensors of a model with the source's inputs.
func (s *Source) measure(m *onnx.Model, tensors []string) (map[string][]int64, error) {
	model, err := blocks.ModelOf(m)
	if err != nil {
		return nil, err
	}
	var inputs []backend.Tensor
	for _, v := range s.Model.Inputs() {
		inputs = append(inputs, backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: v.Dims, First: s.first[v.Name], Alone: s.Model.Alone, Axis: AxisOf(s.Model, v.Name)})
	}
	return direct.Measure(context.Background(), model, inputs, tensors)
}

// Entry implements backend.Entries.
func (c *codedSource) Entry(from int, later []int) (*backend.Segment, error) {
	m, err := c.network.Entry(from, later)
	if err != nil {
		return nil, err
	}
	out := &backend.Segment{Optimal: c.optimal}
	for _, v := range m.Inputs() {
		if v.Name == ir.MaskInput {
			out.Mask = v.Name
			continue
		}
		t := backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: v.Dims}
		if taken := slices.ContainsFunc(c.Stored(from), func(s backend.StoredTensor) bool { return s.Name == v.Name }); taken && from > 0 {
			out.Taken = append(out.Taken, t)
			continue
		}
		out.Inputs = append(out.Inputs, t)
	}
	own := len(c.cuts[len(c.cuts)-1].Tensors) // the network's come first
	for i, v := range m.Outputs() {
		t := backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: v.Dims}
		if i < own {
			out.Outputs = append(out.Outputs, t)
		} else {
			out.Left = append(out.Left, t)
		}
	}
	for _, h := range rewrite.FakeQuants(m) {
		out.Holders = append(out.Holders, h)
	}
	slices.Sort(out.Holders)
	out.Model, err = blocks.ModelOf(m)
	return out, err
}

// Stored implements backend.Entries.
func (c *codedSource) Stored(cut int) []backend.StoredTensor {
	var list []backend.StoredTensor
	for _, t := range c.cuts[cut].Tensors {
		name, dims, holder := c.network.Codes(t)
		list = append(list, backend.StoredTensor{Tensor: backend.Tensor{Name: name, Type: backend.DType(ir.Uint16), Dims: dims}, Holder: holder, Coded: true})
	}
	return list
}
