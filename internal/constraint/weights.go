package constraint

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"example.org/demote/internal/quantize"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// A weightRule is one value of --weight-bits: the width of all weights, or of those that a pattern means.
type weightRule struct {
	text, pattern string // without a pattern it is for all
	width         quant.Width
}

// means reports whether a rule is for a layer's weight: by the name of either, a glob over them, or with op: the type
// of the layer.
func (r weightRule) means(layer, op, weight string) bool {
	if r.pattern == "" {
		return true
	}
	if ops, ok := strings.CutPrefix(r.pattern, opPrefix); ok {
		return doublestar.MatchUnvalidated(ops, op)
	}
	return slices.ContainsFunc([]string{layer, weight}, func(name string) bool {
		return name != "" && (name == r.pattern || doublestar.MatchUnvalidated(r.pattern, name))
	})
}

// SetWeights has the weights of a network rounded to the widths that --weight-bits gives; of several values for one
// weight the last counts. The error is a mistake.Err, also for a value that means no weight.
func SetWeights(n *onnx.Network, values []string) error {
	if len(values) == 0 {
		return nil
	}
	var rules []weightRule
	for _, text := range values {
		r := weightRule{text: text}
		width := text
		if at := strings.LastIndexByte(text, '='); at >= 0 {
			r.pattern, width = text[:at], text[at+1:]
			if r.pattern == "" {
				return mistake.Errorf("--weight-bits %s: write a width for all layers, or NAME=WIDTH, GLOB=WIDTH or op:TYPE=WIDTH", text)
			}
			if err := checkPattern(r.pattern, "--weight-bits "+text); err != nil {
				return err
			}
		}
		switch strings.TrimSpace(width) {
		case "4":
			r.width = quant.W4
		case "8":
			r.width = quant.W8
		case "16":
			r.width = quant.W16
		default:
			return mistake.Errorf("--weight-bits %s: %q is no width of weights: choose among 4, 8 and 16", text, width)
		}
		rules = append(rules, r)
	}
	layers, err := quantize.Layers(n)
	if err != nil {
		return err
	}
	if len(layers) == 0 && len(rules) > 0 {
		return mistake.Errorf("--weight-bits %s: no layer of this network has weights that are rounded; leave it out", rules[0].text)
	}
	n.WeightWidths = map[onnx.WeightInput]quant.Width{}
	for _, l := range layers {
		for _, r := range rules {
			if r.means(l.Node, l.Op, l.Weight) {
				n.WeightWidths[l.Place] = r.width
			}
		}
	}
	for _, r := range rules {
		if !slices.ContainsFunc(layers, func(l quantize.Layer) bool { return r.means(l.Node, l.Op, l.Weight) }) {
			return mistake.Errorf("--weight-bits %s: no layer with weights, and no weight, is named or matched by it; `demote inspect --json` lists them under layers", r.text)
		}
	}
	return nil
}
