package sites

import (
	"math"

	"example.org/demote/internal/ir"
)

// stepFunc computes one element of a node's result of one element of each operand; NaN is an absent one.
// Truth is 1.
type stepFunc func(args []float64) float64

// stepsOne and stepsTwo are the operators of one and two operands that compute element by element; activations with
// attributes and those of other numbers of operands are in stepOf.
var (
	stepsOne = map[string]func(x float64) float64{
		"Abs": math.Abs, "Erf": math.Erf, "Exp": math.Exp, "Log": math.Log, "Sqrt": math.Sqrt, "Tanh": math.Tanh,
		"Neg":        func(x float64) float64 { return -x },
		"Not":        func(x float64) float64 { return 1 - x },
		"Reciprocal": func(x float64) float64 { return 1 / x },
		"Relu":       func(x float64) float64 { return math.Max(x, 0) },
		"Sigmoid":    sigmoid, "Softplus": softplus,
		"HardSwish": func(x float64) float64 { return x * clip(x/6+0.5, 0, 1) },
		"Softsign":  func(x float64) float64 { return x / (1 + math.Abs(x)) },
		"Identity":  func(x float64) float64 { return x },
	}
	stepsTwo = map[string]func(x, y float64) float64{
		"Add": func(x, y float64) float64 { return x + y }, "Sub": func(x, y float64) float64 { return x - y },
		"Mul": func(x, y float64) float64 { return x * y }, "Div": func(x, y float64) float64 { return x / y },
		"Pow": math.Pow, "Max": math.Max, "Min": math.Min, "Equal": func(x, y float64) float64 { return yes(x == y) },
		"Greater": func(x, y float64) float64 { return yes(x > y) }, "GreaterOrEqual": func(x, y float64) float64 { return yes(x >= y) },
		"Less": func(x, y float64) float64 { return yes(x < y) }, "LessOrEqual": func(x, y float64) float64 { return yes(x <= y) },
		"PRelu": func(x, slope float64) float64 { return leaky(x, slope) },
	}
)

// stepOf returns what a node computes element by element; nil where it does something else.
func stepOf(n ir.Node) stepFunc {
	op := n.GetOpType()
	if f := stepsOne[op]; f != nil && len(n.GetInput()) == 1 {
		return func(a []float64) float64 { return f(a[0]) }
	}
	if f := stepsTwo[op]; f != nil && len(n.GetInput()) == 2 {
		return func(a []float64) float64 { return f(a[0], a[1]) }
	}
	switch op {
	case "Cast": // to another float type, or of a truth
		switch to := ir.DType(ir.AttrInt(n, "to", 0)); {
		case ir.IsFloat(to):
			return func(a []float64) float64 { return a[0] }
		case to == ir.Bool:
			return func(a []float64) float64 { return yes(a[0] != 0) }
		}
	case "Clip":
		return func(a []float64) float64 {
			low, high := math.Inf(-1), math.Inf(1)
			if len(a) > 1 && !math.IsNaN(a[1]) {
				low = a[1]
			}
			if len(a) > 2 && !math.IsNaN(a[2]) {
				high = a[2]
			}
			return clip(a[0], low, high)
		}
	case "Elu":
		alpha := float64(ir.AttrFloat(n, "alpha", 1))
		return func(a []float64) float64 { return elu(a[0], alpha) }
	case "HardSigmoid":
		alpha, beta := float64(ir.AttrFloat(n, "alpha", 0.2)), float64(ir.AttrFloat(n, "beta", 0.5))
		return func(a []float64) float64 { return clip(alpha*a[0]+beta, 0, 1) }
	case "LeakyRelu":
		alpha := float64(ir.AttrFloat(n, "alpha", 0.01))
		return func(a []float64) float64 { return leaky(a[0], alpha) }
	case "Where":
		return func(a []float64) float64 {
			if a[0] != 0 {
				return a[1]
			}
			return a[2]
		}
	case "Sum":
		return func(a []float64) float64 {
			sum := 0.0
			for _, v := range a {
				sum += v
			}
			return sum
		}
	}
	return nil
}

func yes(b bool) float64 { return float64(ir.Truth(b)) }

func clip(x, low, high float64) float64 { return math.Min(math.Max(x, low), high) }

func leaky(x, slope float64) float64 {
	if x < 0 {
		return slope * x
	}
	return x
}

func elu(x, alpha float64) float64 {
	if x < 0 {
		return alpha * math.Expm1(x)
	}
	return x
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softplus(x float64) float64 { return math.Log1p(math.Exp(x)) }
