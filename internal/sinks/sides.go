package sinks

import (
	"slices"

	"example.org/demote/internal/ir"
)

// sides says which values of a tensor do nothing but what their side says, however far out they are.
type sides struct{ Low, High bool }

func (s sides) and(o sides) sides { return sides{s.Low && o.Low, s.High && o.High} }

func (s sides) turned() sides { return sides{s.High, s.Low} }

// SidesOf finds the absorbed sides of all tensors, from the end of the graph to its beginning. Relu, Exp and Softmax
// absorb values far below the others, Sigmoid and Tanh both sides, a maximum values below the others.
func SidesOf(x *ir.Index) map[string]sides {
	all := make(map[string]sides)
	behind := func(n ir.Node) sides {
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
			if ir.Is(c, ir.Shaping) {
				continue
			}
			read = true
			if !slices.Contains(c.GetInput(), t) {
				s = sides{} // a body reads it
			}
			for i, in := range c.GetInput() {
				if in == t {
					s = s.and(absorbs(x, c, i, behind(c)))
				}
			}
		}
		if t != "" && read && !x.IsOutput(t) {
			all[t] = s
		}
	}
	for _, n := range slices.Backward(x.Ordered) {
		for _, t := range n.GetOutput() {
			decide(t)
		}
	}
	for t := range x.Inputs {
		decide(t)
	}
	return all
}

// absorbs returns the absorbed sides of operand i of a node, from those of its output.
func absorbs(x *ir.Index, n ir.Node, i int, behind sides) sides {
	largest := ir.AttrInt(n, "largest", 1) == 1
	op := n.GetOpType()
	switch {
	case ir.Is(n, ir.Saturating):
		return sides{true, true}
	case ir.Is(n, ir.Rectifying):
		return sides{Low: true}
	case ir.Is(n, ir.Lifting) && largest:
		return sides{true, x.Moves(n) && behind.High}
	case ir.Is(n, ir.Lowering) || op == "TopK" && !largest && ir.Standard(n):
		return sides{x.Moves(n) && behind.Low, true}
	case !x.Moves(n) && !ir.Is(n, ir.Scoring):
		return sides{}
	case op == "Neg" || op == "Sub" && i == 1:
		return behind.turned()
	case op == "Mul" || op == "Div":
		if i == 1 && op == "Div" {
			return behind.and(behind.turned())
		}
		return behind.times(sign(x, ir.Input(n, 1-i)))
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

// sign reports whether no value of a tensor is below zero (1) or above it (-1); 0: neither is known.
func sign(x *ir.Index, t string) int {
	if c := x.Constant(t); c != nil {
		values, err := ir.Floats(c)
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
	for range len(x.Ordered) {
		n := x.Producer(t)
		switch {
		case n == nil || !ir.Standard(n):
			return 0
		case slices.Contains([]string{"Sqrt", "Exp", "Sigmoid", "HardSigmoid", "Softmax", "Softplus", "Relu", "Abs", "ReduceL2", "ReduceSumSquare"}, n.GetOpType()):
			return 1
		case n.GetOpType() == "Cast" && (x.Type(ir.Input(n, 0)) == ir.Bool || x.Type(ir.Input(n, 0)) == ir.Uint8):
			return 1
		case !x.Moves(n):
			return 0
		}
		t = ir.Input(n, 0)
	}
	return 0
}
