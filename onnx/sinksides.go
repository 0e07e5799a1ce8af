package onnx

import "slices"

// sides says which values of a tensor do nothing but what their side says, however far out they are.
type sides struct{ low, high bool }

func (s sides) and(o sides) sides { return sides{s.low && o.low, s.high && o.high} }

func (s sides) turned() sides { return sides{s.high, s.low} }

// sides finds them for all tensors, from the end of the graph on: Relu, Exp and Softmax absorb what lies far below, Sigmoid and
// Tanh both sides, a maximum what lies below the others.
func (x *Index) sides() map[string]sides {
	all := make(map[string]sides)
	behind := func(n node) sides {
		s := sides{true, true}
		for _, t := range n.GetOutput() {
			if t != "" {
				s = s.and(all[t])
			}
		}
		return s
	}
	decide := func(t string) {
		s, read := sides{true, true}, false
		for _, c := range x.Consumers(t) {
			if is(c, shaping) {
				continue
			}
			read = true
			if !slices.Contains(c.GetInput(), t) {
				s = sides{} // a body reads it
			}
			for i, in := range c.GetInput() {
				if in == t {
					s = s.and(x.absorbs(c, i, behind(c)))
				}
			}
		}
		if t != "" && read && !x.IsOutput(t) {
			all[t] = s
		}
	}
	for _, n := range slices.Backward(x.nodes) {
		for _, t := range n.GetOutput() {
			decide(t)
		}
	}
	for t := range x.inputs {
		decide(t)
	}
	return all
}

// absorbs tells the sides for operand i of a node, by those of what the node makes.
func (x *Index) absorbs(n node, i int, behind sides) sides {
	largest := attrInt(n, "largest", 1) == 1
	op := n.GetOpType()
	switch {
	case is(n, saturating):
		return sides{true, true}
	case is(n, rectifying):
		return sides{low: true}
	case is(n, lifting) && largest:
		return sides{true, x.moves(n) && behind.high}
	case is(n, lowering) || op == "TopK" && !largest && standard(n):
		return sides{x.moves(n) && behind.low, true}
	case !x.moves(n) && !is(n, scoring):
		return sides{}
	case op == "Neg" || op == "Sub" && i == 1:
		return behind.turned()
	case op == "Mul" || op == "Div":
		if i == 1 && op == "Div" {
			return behind.and(behind.turned())
		}
		return behind.times(x.sign(input(n, 1-i)))
	}
	return behind
}

// times are the sides in front of a factor of that sign; 0: it may have either.
func (s sides) times(sign int) sides {
	switch {
	case sign > 0:
		return s
	case sign < 0:
		return s.turned()
	}
	return s.and(s.turned())
}

// sign tells whether no value of a tensor is below zero (1) or above it (-1); 0: neither is known.
func (x *Index) sign(t string) int {
	if c := x.Constant(t); c != nil {
		values, err := Floats(c)
		if err != nil || len(values) == 0 {
			return 0
		}
		switch {
		case slices.Min(values) >= 0:
			return 1
		case slices.Max(values) <= 0:
			return -1
		}
		return 0
	}
	for range len(x.nodes) {
		n := x.Producer(t)
		switch {
		case n == nil || !standard(n):
			return 0
		case slices.Contains([]string{"Sqrt", "Exp", "Sigmoid", "HardSigmoid", "Softmax", "Softplus", "Relu", "Abs", "ReduceL2", "ReduceSumSquare"}, n.GetOpType()):
			return 1
		case n.GetOpType() == "Cast" && (x.Type(input(n, 0)) == Bool || x.Type(input(n, 0)) == Uint8):
			return 1
		case !x.moves(n):
			return 0
		}
		t = input(n, 0)
	}
	return 0
}
