package mctq

import (
	"fmt"

	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/quantize"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// read makes a network from an export of Sony's Model Compression Toolkit (pytorch_export_model, format MCTQ). It
// returns the grid of every activation quantizer (holder) under a formula. The model is not changed. Holders have the
// toolkit's names and the order of the quantizer nodes; every activation quantizer is a holder, also those of constants
// and of the network's outputs. Weight quantizers are computed once. Chains that depend on constants alone, such as
// those before the Pad nodes of shift-negative correction, are folded. The toolkit has already folded
// BatchNormalization.
//
// Errors match mistake.Err and name the node and the attribute, input or tensor: an unknown quantizer, an attribute
// that is missing, has another type or an invalid value, a weight that is not constant, a file without activation
// quantizers.
func read(m *ir.Model, formula quant.Formula) (*network.Network, []quant.Grid, error) {
	n, grids, err := readMCTQ(m, formula)
	if err != nil {
		return nil, nil, m.InFile(err)
	}
	return n, grids, nil
}

func readMCTQ(m *ir.Model, formula quant.Formula) (*network.Network, []quant.Grid, error) {
	n, err := prepare.Imported(m)
	if err != nil {
		return nil, nil, err
	}
	if err := fold.Constants(n.Model); err != nil {
		return nil, nil, err
	}
	weights, err := mctqWeights(n.Model, formula)
	if err != nil {
		return nil, nil, err
	}
	if err := prepare.FoldWeights(n, weights); err != nil {
		return nil, nil, err
	}
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, nil, err
	}
	var all []quantize.Quantizer
	var grids []quant.Grid
	nodes, names := mctqHolders(x)
	for i, nd := range nodes {
		g, err := mctqGrid(nd, formula)
		if err != nil {
			return nil, nil, err
		}
		if t := x.Type(ir.Input(nd, 0)); t != ir.Float && t != ir.Undefined {
			return nil, nil, mistake.Errorf("%s quantizes tensor %q of type %s, not FLOAT", ir.NodeName(nd), ir.Input(nd, 0), t)
		}
		all = append(all, quantize.Quantizer{Name: names[i], In: ir.Input(nd, 0), Outs: []string{ir.Output(nd, 0)}, Nodes: []ir.Node{nd}, Grid: g})
		grids = append(grids, g)
	}
	if len(all) == 0 {
		return nil, nil, mistake.Errorf("no activation quantizer of the domain %s: this is no MCTQ export", ir.MCTQDomain)
	}
	if err := quantize.Strip(n, all); err != nil {
		return nil, nil, err
	}
	quantize.DropDomain(n.Model, ir.MCTQDomain)
	return n, grids, nil
}

// mctqHolders returns the activation quantizers of a model in order, and the names of their holders. Holders of one
// name are distinguished by the path before it, or else by a number; one without a name gets "".
func mctqHolders(x *ir.Index) (nodes []ir.Node, names []string) {
	var paths []string
	same := make(map[string]int)
	for _, n := range x.Nodes() {
		if isMCTQActivation(n) {
			path, name := mctqHolder(n)
			nodes, names, paths = append(nodes, n), append(names, name), append(paths, path)
			same[name]++
		}
	}
	taken := make(map[string]bool)
	for i, name := range names {
		if name == "" {
			continue
		}
		if same[name] > 1 && paths[i] != "" {
			names[i] = paths[i] + "/" + name
		}
		for j := 2; taken[names[i]]; j++ {
			names[i] = fmt.Sprintf("%s#%d", name, j)
		}
		taken[names[i]] = true
	}
	return nodes, names
}
