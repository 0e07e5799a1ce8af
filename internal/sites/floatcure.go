package sites

import (
	"fmt"
	"slices"
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/shapes"
)

// floatCure says what brings the products of a network within reach of grids, where all of them are inside operators
// that stay in floating point.
func floatCure(n *network.Network) (string, error) {
	nodes := n.Model.Graph().GetNode()
	if slices.ContainsFunc(nodes, shapes.IsRecurrent) {
		return "--unroll makes single operators of LSTM, GRU and RNN", nil
	}
	names, err := conditionInputs(n)
	if err != nil {
		return "", err
	}
	if names != nil {
		return fmt.Sprintf("--input %s=VALUE decides which branch of If runs, and leaves only that", strings.Join(names, "=VALUE --input ")), nil
	}
	return "export it as single operators, without control flow", nil
}

// conditionInputs returns the inputs of one element that the conditions of the If nodes are made of; nil where a
// condition depends on anything else that is not constant, or where there is no If.
func conditionInputs(n *network.Network) ([]string, error) {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	single := make(map[string]bool)
	for _, v := range n.Model.Inputs() {
		known := v.Dims != nil || v.Type != ir.Float // data of unknown rank is float
		single[v.Name] = known && !slices.ContainsFunc(v.Dims, func(d int64) bool { return d != 1 })
	}
	var names []string
	seen := make(map[string]bool)
	var walk func(t string) bool
	walk = func(t string) bool {
		if t == "" || seen[t] || x.Initializer(t) != nil {
			return true
		}
		seen[t] = true
		p := x.Producer(t)
		if p == nil {
			names = append(names, t)
			return single[t]
		}
		return !slices.ContainsFunc(ir.Reads(p), func(t string) bool { return !walk(t) })
	}
	for _, nd := range x.Nodes() {
		if nd.GetOpType() == "If" && ir.Standard(nd) && !walk(ir.Input(nd, 0)) {
			return nil, nil
		}
	}
	return names, nil
}
