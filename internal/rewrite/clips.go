package rewrite

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
)

// bounds are those of a clip.
type bounds struct{ below, above float32 }

var everything = bounds{float32(math.Inf(-1)), float32(math.Inf(1))}

// of clips a value as Clip does: to the lower bound first.
func (b bounds) of(x float32) float32 { return min(max(x, b.below), b.above) }

// then is the clip that does both, b first.
func (b bounds) then(next bounds) bounds {
	return bounds{next.of(b.of(b.below)), next.of(b.of(b.above))}
}

// clipping says whether a node, which may be nil, is a clip with constant bounds.
func (f *fusing) clipping(n ir.Node) (_ ir.Node, b bounds, ok bool) {
	switch n.GetOpType() {
	case "Relu":
		return n, bounds{0, everything.above}, true
	case "Clip":
		b, ok = f.boundsOf(n)
	case "Max", "Min":
		b = everything
		to := map[string]*float32{"Max": &b.below, "Min": &b.above}[n.GetOpType()]
		var in string
		in, *to, ok = f.withNumber(n)
		ok = ok && slices.Equal(f.dims[in], f.dims[ir.Output(n, 0)]) // no number of more axes
	}
	return n, b, ok
}

// boundsOf are the bounds of a Clip: attributes before operator set 11, inputs that may be left out since. What is left
// out is the lowest or the highest finite number, as in ONNX Runtime.
func (f *fusing) boundsOf(n ir.Node) (b bounds, ok bool) {
	b = bounds{-math.MaxFloat32, math.MaxFloat32}
	if f.opset < 11 {
		b = bounds{ir.AttrFloat(n, "min", b.below), ir.AttrFloat(n, "max", b.above)}
	}
	for i, to := range []*float32{&b.below, &b.above} {
		name := ir.Input(n, i+1)
		if name == "" {
			continue
		}
		v, err := f.constant(name)
		if err != nil || len(v) != 1 {
			return b, false
		}
		*to = v[0]
	}
	return b, b.below == b.below && b.above == b.above
}

// constant are the values of a constant tensor; nil if it is none.
func (f *fusing) constant(name string) ([]float32, error) {
	if n := f.made[name]; n != nil && ir.Standard(n) && n.GetOpType() == "Constant" {
		if v := ir.ConstantValue(n); v != nil {
			return ir.Floats(v)
		}
		return nil, nil
	}
	for _, v := range f.m.Graph().GetInput() {
		if v.GetName() == name {
			return nil, nil
		}
	}
	for _, t := range f.m.Graph().GetInitializer() {
		if t.GetName() == name {
			return ir.Floats(t)
		}
	}
	return nil, nil
}
