package onnx

import (
	"fmt"
	"slices"

	"demote/quant"
)

// ReadMCTQ makes a network of an export of Sony's Model Compression Toolkit (pytorch_export_model, format MCTQ) and returns
// the grid of every holder under a formula. The model stays as it is. Holders have the toolkit's names and the order of the
// quantizer nodes; every activation quantizer is one, those of positional constants' results and of the network's outputs
// too. Weight quantizers are computed once. Chains that hang on constants alone, as before the Pad nodes of shift-negative
// correction, are folded. BatchNormalization is not: the toolkit has done that.
//
// Errors match ErrInput and name the node and the attribute, input or tensor: a quantizer that is not known, an attribute
// that is missing, of another type or without sense, a weight that is no constant, a file without activation quantizers.
func ReadMCTQ(m *Model, formula quant.Formula) (*Network, []quant.Grid, error) {
	n, grids, err := readMCTQ(m, formula)
	if err != nil {
		return nil, nil, m.in(err)
	}
	return n, grids, nil
}

func readMCTQ(m *Model, formula quant.Formula) (*Network, []quant.Grid, error) {
	n, err := imported(m)
	if err != nil {
		return nil, nil, err
	}
	if err := foldConstants(n.Model); err != nil {
		return nil, nil, err
	}
	weights, err := mctqWeights(n.Model, formula)
	if err != nil {
		return nil, nil, err
	}
	if err := n.settle(weights); err != nil {
		return nil, nil, err
	}
	x, err := NewIndex(n.Model)
	if err != nil {
		return nil, nil, err
	}
	var all []quantizer
	var grids []quant.Grid
	nodes, names := mctqHolders(x)
	for i, nd := range nodes {
		g, err := mctqGrid(nd, formula)
		if err != nil {
			return nil, nil, err
		}
		if t := x.Type(input(nd, 0)); t != Float && t != Undefined {
			return nil, nil, badf("%s quantizes tensor %q of type %s, not FLOAT", nodeName(nd), input(nd, 0), t)
		}
		all = append(all, quantizer{name: names[i], in: input(nd, 0), outs: []string{output(nd, 0)}, nodes: []node{nd}, grid: g})
		grids = append(grids, g)
	}
	if len(all) == 0 {
		return nil, nil, badf("no activation quantizer of the domain %s: this is no MCTQ export", mctqDomain)
	}
	if err := n.strip(all); err != nil {
		return nil, nil, err
	}
	dropDomain(n.Model, mctqDomain)
	return n, grids, nil
}

// IsMCTQ reports whether a model has nodes of the toolkit's quantizers.
func (m *Model) IsMCTQ() bool {
	return slices.ContainsFunc(m.Graph().GetNode(), isMCTQ)
}

// mctqHolders returns the activation quantizers of a model in order, and the names of their holders. Holders of one name are told
// apart by the path before it, or else by a number; one without a name gets "".
func mctqHolders(x *Index) (nodes []node, names []string) {
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
