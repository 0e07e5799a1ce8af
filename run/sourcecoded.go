package run

import (
	"errors"
	"slices"

	"demote/backend"
	"demote/onnx"
)

var errFollowed = errors.New("constants follow the mask")

// codedSource hands out the pieces of a network that hand each other codes.
type codedSource struct {
	*source
	chain   *onnx.CodedChain
	optimal bool
}

var _ backend.CodedSource = (*source)(nil)

// Coded implements backend.CodedSource. Constants that follow the mask want the source's own stretches.
func (s *source) Coded(optimize func([]byte) ([]byte, error)) (backend.Chain, error) {
	if len(s.followed) > 0 {
		return nil, errFollowed
	}
	c := &codedSource{source: s, optimal: optimize != nil}
	var optimized *onnx.Model
	var err error
	if optimize != nil {
		if optimized, err = s.model.Blocked(optimize); err != nil {
			return nil, err
		}
	}
	c.chain, err = s.model.Coded(s.cuts, optimized, s.measure)
	return c, err
}

// measure asks the runtime for the shapes of tensors of a model with the source's inputs.
func (s *source) measure(model []byte, tensors []string) (map[string][]int64, error) {
	var inputs []backend.Tensor
	for _, v := range s.model.Inputs() {
		inputs = append(inputs, backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: v.Dims})
	}
	return backend.Measure(model, inputs, tensors)
}

// Stretch implements backend.Chain.
func (c *codedSource) Stretch(from, to int) (*backend.Stretch, error) {
	m, err := c.chain.Piece(from, to)
	if err != nil {
		return nil, err
	}
	out := &backend.Stretch{Optimal: c.optimal}
	for _, v := range m.Inputs() {
		if v.Name == onnx.MaskInput {
			out.Mask = v.Name
			continue
		}
		out.Inputs = append(out.Inputs, backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: v.Dims})
	}
	for _, v := range m.Outputs() {
		out.Outputs = append(out.Outputs, backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: v.Dims})
	}
	for _, h := range m.FakeQuants() {
		out.Holders = append(out.Holders, h)
	}
	slices.Sort(out.Holders)
	out.Model, err = m.Bytes()
	return out, err
}

// Stored implements backend.Chain.
func (c *codedSource) Stored(cut int) []backend.StoredTensor {
	var list []backend.StoredTensor
	for _, t := range c.cuts[cut].Tensors {
		name, dims, holder := c.chain.Codes(t)
		list = append(list, backend.StoredTensor{Tensor: backend.Tensor{Name: name, Type: backend.DType(onnx.Uint16), Dims: dims}, Holder: holder, Coded: true})
	}
	return list
}
