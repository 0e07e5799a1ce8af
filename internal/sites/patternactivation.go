package sites

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
)

// knownCurves are the activations without a parameter: https://onnx.ai/onnx/operators has their definitions; both
// forms of Gelu are of Hendrycks and Gimpel, Gaussian error linear units, 2016, section 2.
var knownCurves = []struct {
	name string
	of   func(x float64) float64
}{
	{"Relu", func(x float64) float64 { return math.Max(x, 0) }},
	{"Sigmoid", sigmoid},
	{"Tanh", math.Tanh},
	{"Softplus", softplus},
	{"Softsign", func(x float64) float64 { return x / (1 + math.Abs(x)) }},
	{"Gelu", func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }},
	{"Gelu", func(x float64) float64 { return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))) }},
	{"Mish", func(x float64) float64 { return x * math.Tanh(softplus(x)) }},
	{"Selu", func(x float64) float64 { return 1.0507009873554805 * elu(x, 1.6732632423543772) }},
}

// familyCurves are those with parameters, which are read off the values at a few probes. Parameters that make another
// function of it, such as the identity, give none.
var familyCurves = []struct {
	name string
	of   func(at func(x float64) float64) func(x float64) float64
}{
	{"Clip", func(at func(float64) float64) func(float64) float64 {
		low, high := at(probes[0]), at(probes[len(probes)-1])
		if near(low, probes[0]) {
			low = math.Inf(-1)
		}
		if near(high, probes[len(probes)-1]) {
			high = math.Inf(1)
		}
		if !(high-low > 0.01) || math.IsInf(low, 0) && math.IsInf(high, 0) {
			return none
		}
		return func(x float64) float64 { return clip(x, low, high) }
	}},
	{"LeakyRelu", func(at func(float64) float64) func(float64) float64 {
		slope := -at(-1)
		if !(slope > -0.99) || slope > 0.99 && slope < 1.01 {
			return none
		}
		return func(x float64) float64 { return leaky(x, slope) }
	}},
	{"Elu", func(at func(float64) float64) func(float64) float64 {
		alpha := -at(probes[0])
		if !(alpha > 0.01) {
			return none
		}
		return func(x float64) float64 { return elu(x, alpha) }
	}},
	// Ramachandran et al., Searching for activation functions, 2017: x * sigmoid(beta * x)
	{"SiLU", func(at func(float64) float64) func(float64) float64 {
		beta := math.Log(at(1) / (1 - at(1)))
		if !(beta > 0.1) {
			return none
		}
		return func(x float64) float64 { return x * sigmoid(beta*x) }
	}},
	{"HardSigmoid", func(at func(float64) float64) func(float64) float64 {
		slope, middle := rise(at)
		return func(x float64) float64 { return clip(slope*x+middle, 0, 1) }
	}},
	// Howard et al., Searching for MobileNetV3, 2019
	{"HardSwish", func(at func(float64) float64) func(float64) float64 {
		slope, middle := rise(func(x float64) float64 { return at(x) / x })
		return func(x float64) float64 { return x * clip(slope*x+middle, 0, 1) }
	}},
}

// none is no function.
func none(float64) float64 { return math.NaN() }

// rise is the slope and the middle of a line that is cut off at 0 and 1; NaN where it does not reach both among the
// probes.
func rise(at func(x float64) float64) (slope, middle float64) {
	slope, middle = (at(0.1)-at(-0.1))/0.2, (at(0.1)+at(-0.1))/2
	if !(slope > 0.05 && middle > 0 && middle < 1) {
		return math.NaN(), math.NaN()
	}
	return slope, middle
}

// near allows for what exporters lose in printing constants.
func near(got, want float64) bool { return math.Abs(got-want) <= 2e-4+1e-3*math.Abs(want) }

func isCurve(values []float64, f func(x float64) float64) bool {
	for i, x := range probes {
		if !near(values[i], f(x)) {
			return false
		}
	}
	return true
}

// activationOf names the activation that values at the probes are of; "" where they are of none.
func activationOf(values []float64) string {
	for _, k := range knownCurves {
		if isCurve(values, k.of) {
			return k.name
		}
	}
	at := func(x float64) float64 { return values[slices.Index(probes, x)] }
	for _, k := range familyCurves {
		if isCurve(values, k.of(at)) {
			return k.name
		}
	}
	return ""
}

// activation names the activation that a curve is; only the slope below zero may differ from channel to channel.
func (c curve) activation() string {
	if len(c.lanes) == 1 {
		return activationOf(c.lanes[0])
	}
	for _, lane := range c.lanes {
		slope := lane[0] / probes[0]
		if near(slope, 1) || !isCurve(lane, func(x float64) float64 { return leaky(x, slope) }) {
			return ""
		}
	}
	return "PRelu"
}

// composite matches an activation of single operators that ends in a node, however these are written and grouped: by
// its values. It returns the tensor x that the activation reads and the pattern, or nil. Of several functions it is
// the one with the most nodes. A node that is an activation by itself is none.
func (c *curves) composite(n ir.Node) (x string, p *pattern) {
	found := c.follow(n)
	if c.Index.Moves(n) { // an Identity behind an activation: what it moves is the activation's end
		return "", nil
	}
	for _, f := range slices.Backward(found) {
		if f.perm != nil || c.Type(f.root) != ir.Float || c.Type(ir.Output(n, 0)) != ir.Float || len(f.nodes) == 1 && (activations[n.GetOpType()] || len(n.GetInput()) == 1) {
			continue
		}
		name := f.activation()
		if name == "" {
			continue
		}
		p = &pattern{name: name, nodes: f.nodes}
		for _, step := range f.nodes {
			if step != n {
				p.inner = append(p.inner, step.GetOutput()...)
			}
		}
		return f.root, p
	}
	return "", nil
}

// ActivationNodes are the nodes of activations made of single operators, such as x * Sigmoid(x). Their constants must
// not be folded into layers.
func ActivationNodes(x *ir.Index) map[ir.Node]bool {
	f := &finder{Index: x, varies: make(map[string]bool)}
	f.findVaries()
	c, all := &curves{finder: f, of: make(map[string][]curve)}, make(map[ir.Node]bool)
	for _, n := range x.Nodes() {
		if _, p := c.composite(n); p != nil {
			for _, n := range p.nodes {
				all[n] = true
			}
		}
	}
	return all
}
