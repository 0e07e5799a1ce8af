package rewrite

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
)

// front finds what can be part of a holder, from the holder upwards, and notes what is gone then.
func (f *fusing) front(holder ir.Node) front {
	t := front{x: ir.Input(holder, 0), inner: 1, clip: everything}
	for {
		n, b, ok := f.clipping(f.lone(t.x, holder))
		if !ok {
			break
		}
		t.x, t.clip = f.varying(n), b.then(t.clip)
		f.gone[n] = true
	}
	if f.activation(&t, holder); t.does == 0 {
		f.lined(&t, holder)
	}
	if n := f.lone(t.x, holder); n != nil && !f.joined(&t, n) {
		f.bias(&t, n)
	}
	return t
}

// lone is the standard node that makes a tensor, if a holder and what is gone with it are all that reads it; else nil.
func (f *fusing) lone(t string, holder ir.Node) ir.Node {
	n := f.made[t]
	if n == nil || !ir.Standard(n) || f.outputs[t] || slices.ContainsFunc(f.readBy[t], func(r ir.Node) bool { return r != holder && !f.gone[r] }) {
		return nil
	}
	return n
}

// activation takes in a Sigmoid, or a product of a tensor and its Sigmoid.
func (f *fusing) activation(t *front, holder ir.Node) {
	n := f.lone(t.x, holder)
	switch {
	case n == nil:
	case n.GetOpType() == "Sigmoid":
		t.x, t.does = ir.Input(n, 0), frontSigmoid
		f.gone[n] = true
	case n.GetOpType() == "Mul":
		for i := range 2 {
			x, gate := ir.Input(n, i), f.made[ir.Input(n, 1-i)]
			if gate == nil || gate.GetOpType() != "Sigmoid" || ir.Input(gate, 0) != x || f.lone(ir.Output(gate, 0), n) != gate {
				continue
			}
			t.x, t.does = x, frontGate
			f.gone[n], f.gone[gate] = true, true
			return
		}
	}
}

// sums are operators that ONNX Runtime may join with a sum behind them, and then add in another order. It does not join
// a MatMul with a Sum, which is why biases of products are one (variants.LooseBiases).
var sums = []string{"Conv", "ConvTranspose", "MatMul", "Gemm"}

// joined takes in a sum or a product of two tensors, of which one has the shape of both together.
func (f *fusing) joined(t *front, n ir.Node) bool {
	var does int64
	switch op := n.GetOpType(); {
	case len(n.GetInput()) != 2:
	case op == "Add" || op == "Sum":
		does = frontAdd
	case op == "Mul":
		does = frontMul
	}
	if does == 0 || f.endsGelu(n, 2) {
		return false
	}
	for _, in := range n.GetInput() {
		by := f.made[in]
		if does == frontAdd && by != nil && slices.Contains(sums, by.GetOpType()) && !(n.GetOpType() == "Sum" && by.GetOpType() == "MatMul") {
			return false
		}
	}
	for i := range 2 {
		x, other := ir.Input(n, i), ir.Input(n, 1-i)
		if inner := f.repeats(x, other, ir.Output(n, 0)); inner > 0 && f.made[x] != nil {
			t.x, t.other, t.inner, t.does = x, other, inner, t.does|does
			f.gone[n] = true
			return true
		}
	}
	return false
}

// endsGelu tells whether a product has a factor 1 + erf or 1 + tanh, or is one with such a product, of so many at most:
// ONNX Runtime makes one operator of all of a GELU, which takes less than what is left without its last product.
func (f *fusing) endsGelu(n ir.Node, factors int) bool {
	if n.GetOpType() != "Mul" || factors == 0 {
		return false
	}
	return slices.ContainsFunc(n.GetInput(), func(in string) bool {
		by := f.made[in]
		return by != nil && (f.endsGelu(by, factors-1) || by.GetOpType() == "Add" && slices.ContainsFunc(by.GetInput(), func(in string) bool {
			curve := f.made[in]
			return curve != nil && (curve.GetOpType() == "Erf" || curve.GetOpType() == "Tanh")
		}))
	})
}

// repeats is how many elements of x in a row are for one of other, if element i of x belongs to element i / repeats of
// other, which starts again at its end, and x has the shape of what is made of both; else 0.
func (f *fusing) repeats(x, other, made string) int64 {
	dims, partner, known := f.dims[x], f.dims[other], f.dims[other] != nil || f.made[other] == nil
	if !known || dims == nil || len(partner) > len(dims) || !slices.Equal(dims, f.dims[made]) || slices.ContainsFunc(dims, func(d int64) bool { return d < 1 }) {
		return 0
	}
	inner, at := int64(1), len(partner)-1
	axis := func(i int) int64 { return dims[len(dims)-len(partner)+i] }
	for ; at >= 0 && partner[at] == 1; at-- {
		inner *= axis(at)
	}
	if at < 0 { // one number
		for _, d := range dims[:len(dims)-len(partner)] {
			inner *= d
		}
		return inner
	}
	for ; at >= 0 && partner[at] == axis(at); at-- {
	}
	for ; at >= 0 && partner[at] == 1; at-- {
	}
	if at >= 0 {
		return 0
	}
	return inner
}

// bias takes in the bias of a convolution, which adds it to a sum that is rounded already.
func (f *fusing) bias(t *front, n ir.Node) {
	dims := f.dims[t.x]
	if n.GetOpType() != "Conv" || ir.Input(n, 2) == "" || len(dims) < 3 || slices.ContainsFunc(dims, func(d int64) bool { return d < 1 }) {
		return
	}
	t.other, t.does = ir.Input(n, 2), t.does|frontAdd
	for _, d := range dims[2:] {
		t.inner *= d
	}
	w := wire.Clone(n)
	w.Input = w.Input[:2]
	f.without[n] = w
}
