package aimet

import (
	"maps"
	"math"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/quantize"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Apply makes a network from the float model that AIMET saved beside its encodings. It returns the grid of every
// activation quantizer (holder), for formula QDQ. The model is not changed. Holders are the inputs and computed tensors
// with an activation encoding of an integer type: inputs first, then in node order. Constants with an encoding, weights
// and others, are put on their grids. Tensors without an encoding stay float.
//
// Errors match mistake.Err and name the tensor: one that the network does not have, a wrong number of channels, an
// activation with channels or with more than 16 bits.
func (e *Encodings) Apply(m *ir.Model) (*network.Network, []quant.Grid, error) {
	n, grids, err := e.apply(m)
	if err != nil {
		return nil, nil, m.InFile(err)
	}
	return n, grids, nil
}

func (e *Encodings) apply(m *ir.Model) (*network.Network, []quant.Grid, error) {
	n, err := prepare.Imported(m)
	if err != nil {
		return nil, nil, err
	}
	if m.IsMCTQ() || m.IsQDQ() {
		return nil, nil, mistake.Errorf("the network is quantized already: give the float file that belongs to the encodings")
	}
	for _, refuse := range []func(*ir.Model) error{prepare.RefuseQuantized, prepare.RefuseComputedHalf} {
		if err := refuse(n.Model); err != nil {
			return nil, nil, err
		}
	}
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, nil, err
	}
	exists := make(map[string]bool) // computed tensors and inputs
	for _, v := range n.Model.Inputs() {
		exists[v.Name] = true
	}
	for _, nd := range x.Nodes() {
		for _, out := range nd.GetOutput() {
			exists[out] = true
		}
	}
	weights := make(map[string]*network.Weight)
	replaced := make(map[string]ir.Tensor)
	for _, c := range slices.Concat(e.Parameters, e.Activations) {
		t := x.Constant(c.Name)
		if t == nil && !exists[c.Name] {
			return nil, nil, mistake.Errorf("the encodings name tensor %q, which the network does not have: is it the file that AIMET saved beside them?", c.Name)
		}
		if t == nil || c.Float {
			continue
		}
		q, w, err := c.constant(x, t)
		if err != nil {
			return nil, nil, mistake.Errorf("encoding of %q: %w", c.Name, err)
		}
		replaced[c.Name] = q
		if w != nil {
			weights[c.Name] = w
		}
	}
	replaceConstants(n.Model.Graph(), replaced)
	if err := prepare.FoldWeights(n, weights); err != nil {
		return nil, nil, err
	}
	grids, err := e.holders(n)
	if err != nil {
		return nil, nil, err
	}
	return n, grids, quantize.Describe(n)
}

// holders makes the holders of a network whose constants are quantized.
func (e *Encodings) holders(n *network.Network) ([]quant.Grid, error) {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]Encoding)
	for _, c := range e.Activations {
		byName[c.Name] = c
	}
	var grids []quant.Grid
	add := func(t string) error {
		c, ok := byName[t]
		if !ok || c.Float {
			return nil
		}
		if typ := x.Type(t); typ != ir.Float && typ != ir.Undefined {
			return mistake.Errorf("encoding of %q: the tensor is of type %s, not FLOAT", t, typ)
		}
		g, err := c.grid()
		if err != nil {
			return mistake.Errorf("encoding of %q: %w", t, err)
		}
		n.Holders = append(n.Holders, network.Holder{Name: t, Tensor: t, Index: len(n.Holders)})
		grids = append(grids, g)
		return nil
	}
	for _, v := range n.Model.Inputs() {
		if err := add(v.Name); err != nil {
			return nil, err
		}
	}
	for _, nd := range x.Nodes() {
		for _, out := range nd.GetOutput() {
			if err := add(out); err != nil {
				return nil, err
			}
		}
	}
	if len(n.Holders) == 0 {
		return nil, mistake.Errorf("no activation of the network has an integer encoding")
	}
	return grids, nil
}

// grid returns the grid of an activation: of signed codes where the offset is in the middle, else of unsigned ones.
func (e Encoding) grid() (quant.Grid, error) {
	switch {
	case len(e.Scales) != 1:
		return quant.Grid{}, mistake.Errorf("%d channels: activations need one scale a tensor", len(e.Scales))
	case e.Bits > network.MaxBits:
		return quant.Grid{}, mistake.Errorf("%d bits: 16 are the most for an activation", e.Bits)
	case e.Offsets[0] == -(int64(1) << (e.Bits - 1)):
		return quant.FromScale(quant.QDQ, float32(e.Scales[0]), 0, e.Bits, true)
	}
	return quant.FromScale(quant.QDQ, float32(e.Scales[0]), int32(-e.Offsets[0]), e.Bits, false)
}

// constant puts a constant on its grids: (clamp(rint(x/s)-offset, 0, 2^n-1)+offset)*s. The weight is nil where the
// codes do not fit 8 bits.
func (e Encoding) constant(x *ir.Index, t ir.Tensor) (ir.Tensor, *network.Weight, error) {
	if ir.DType(t.GetDataType()) != ir.Float {
		return nil, nil, mistake.Errorf("the tensor is of type %s, not FLOAT", ir.DType(t.GetDataType()))
	}
	values, err := ir.Floats(t)
	if err != nil {
		return nil, nil, err
	}
	axis, inner := -1, 1
	if len(e.Scales) > 1 {
		if axis = channelAxis(x, e.Name, t.GetDims(), len(e.Scales)); axis < 0 {
			return nil, nil, mistake.Errorf("%d channels do not fit the dimensions %v", len(e.Scales), t.GetDims())
		}
		for _, d := range t.GetDims()[axis+1:] {
			inner *= int(d)
		}
	}
	w := &network.Weight{Tensor: e.Name, Dims: t.GetDims(), Axis: axis, Codes: make([]int8, len(values))}
	for _, s := range e.Scales {
		w.Scales = append(w.Scales, float32(s))
	}
	for i, v := range values {
		c := i / inner % len(w.Scales)
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, nil, mistake.Errorf("element %d is %g", i, v)
		}
		lo := float64(e.Offsets[c])
		code := min(max(math.RoundToEven(float64(v/w.Scales[c])), lo), lo+math.Ldexp(1, e.Bits)-1)
		values[i] = float32(float32(code)*w.Scales[c]) + 0
		if w.Codes == nil || code < math.MinInt8 || code > math.MaxInt8 {
			w.Codes = nil
			continue
		}
		w.Codes[i] = int8(code)
	}
	q := ir.NewFloats(e.Name, t.GetDims(), values)
	if w.Codes == nil {
		return q, nil, nil
	}
	return q, w, nil
}

// channelAxis returns the axis of a constant's channels as AIMET numbers them: the output channels of the node that
// reads it (axis 1 of ConvTranspose and of Gemm without transB, the last of MatMul, else 0); -1 if their number is
// another one.
func channelAxis(x *ir.Index, name string, dims []int64, channels int) int {
	axis := 0
	for _, n := range x.Consumers(name) {
		if !ir.Standard(n) || ir.Input(n, 1) != name {
			continue
		}
		switch n.GetOpType() {
		case "ConvTranspose":
			axis = 1
		case "Gemm":
			axis = 1 - int(min(max(ir.AttrInt(n, "transB", 0), 0), 1))
		case "MatMul":
			axis = len(dims) - 1
		}
	}
	if axis >= len(dims) || axis < 0 || dims[axis] != int64(channels) {
		return -1
	}
	return axis
}

// replaceConstants puts initializers in the place of initializers and Constant nodes of their names.
func replaceConstants(g ir.Graph, replaced map[string]ir.Tensor) {
	for i, t := range g.Initializer {
		if q := replaced[t.GetName()]; q != nil {
			g.Initializer[i] = q
			delete(replaced, t.GetName())
		}
	}
	g.Node = slices.DeleteFunc(slices.Clone(g.Node), func(n ir.Node) bool {
		return ir.Standard(n) && n.GetOpType() == "Constant" && replaced[ir.Output(n, 0)] != nil
	})
	for _, name := range sortedKeys(replaced) {
		g.Initializer = append(g.Initializer, replaced[name])
	}
}
