package unroll

import (
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
)

// An activation is one of those that recurrent operators know by name.
type activation struct {
	name        string // of the operator that computes it, or ScaledTanh or Affine
	alpha, beta float32
}

// recurrentActivations are the activations, by their names in lower case, which ONNX Runtime does not tell apart. The
// numbers that an activation takes have the defaults of its operator; those without one have to be given.
// https://onnx.ai/onnx/operators/onnx__LSTM.html lists them.
var recurrentActivations = map[string]struct {
	name    string
	numbers []float32 // its alpha and beta, as many as it takes, with their defaults
	must    bool      // they have no default, or ONNX Runtime has another
}{
	"relu": {name: "Relu"}, "tanh": {name: "Tanh"}, "sigmoid": {name: "Sigmoid"}, "softsign": {name: "Softsign"}, "softplus": {name: "Softplus"},
	"leakyrelu": {name: "LeakyRelu", numbers: []float32{0.01}}, "thresholdedrelu": {name: "ThresholdedRelu", numbers: []float32{1}, must: true},
	"elu": {name: "Elu", numbers: []float32{1}}, "hardsigmoid": {name: "HardSigmoid", numbers: []float32{0.2, 0.5}},
	"scaledtanh": {name: "ScaledTanh", numbers: []float32{1, 1}, must: true}, "affine": {name: "Affine", numbers: []float32{1, 0}, must: true},
}

// defaultActivations are those of one way, by operator.
var defaultActivations = map[string][]string{"LSTM": {"Sigmoid", "Tanh", "Tanh"}, "GRU": {"Sigmoid", "Tanh"}, "RNN": {"Tanh"}}

// readActivations reads the activations of all ways. Their numbers are consumed in order by those that take any.
func (r *recurrence) readActivations() error {
	of := defaultActivations[r.op]
	texts := ir.Attr(r.node, "activations").GetStrings()
	if texts == nil {
		for range r.ways {
			for _, name := range of {
				texts = append(texts, []byte(name))
			}
		}
	}
	if len(texts) != len(of)*len(r.ways) {
		return mistake.Errorf("it has %d activations and needs %d", len(texts), len(of)*len(r.ways))
	}
	alphas, betas := ir.Attr(r.node, "activation_alpha").GetFloats(), ir.Attr(r.node, "activation_beta").GetFloats()
	take := func(list *[]float32, def float32) (v float32, given bool) {
		if len(*list) == 0 {
			return def, false
		}
		v, *list = (*list)[0], (*list)[1:]
		return v, true
	}
	for i, text := range texts {
		known, ok := recurrentActivations[strings.ToLower(string(text))]
		if !ok {
			return mistake.Errorf("its activation %.40q is not known: leave --unroll out", text)
		}
		a := activation{name: known.name}
		given := true
		if len(known.numbers) > 0 {
			a.alpha, given = take(&alphas, known.numbers[0])
		}
		if len(known.numbers) > 1 {
			var also bool
			a.beta, also = take(&betas, known.numbers[1])
			given = given && also
		}
		if !given && (known.must || r.op == "RNN") { // of which ONNX Runtime takes absent numbers for 0
			return mistake.Errorf("its activation %s lacks activation_alpha or activation_beta", known.name)
		}
		w := &r.ways[i/len(of)]
		w.activations = append(w.activations, a)
	}
	return nil
}

// activate computes an activation of one step.
func (u *unroller) activate(t int, role string, a activation, x string) string {
	switch a.name {
	case "LeakyRelu", "ThresholdedRelu", "Elu":
		return u.step(t, a.name, role, []string{x}, ir.FloatAttr("alpha", a.alpha))
	case "HardSigmoid":
		return u.step(t, a.name, role, []string{x}, ir.FloatAttr("alpha", a.alpha), ir.FloatAttr("beta", a.beta))
	case "ScaledTanh": // alpha * tanh(beta * x)
		x = u.step(t, "Mul", role+"_scaled", []string{x, u.number(a.beta)})
		x = u.step(t, "Tanh", role+"_tanh", []string{x})
		return u.step(t, "Mul", role, []string{x, u.number(a.alpha)})
	case "Affine": // alpha * x + beta
		x = u.step(t, "Mul", role+"_scaled", []string{x, u.number(a.alpha)})
		return u.step(t, "Add", role, []string{x, u.number(a.beta)})
	}
	return u.step(t, a.name, role, []string{x})
}

// clipped bounds what goes into an activation.
func (u *unroller) clipped(t int, role, x string) string {
	if u.r.clip == 0 {
		return x
	}
	return u.step(t, "Clip", role+"_clipped", []string{x, u.number(-u.r.clip), u.number(u.r.clip)})
}
