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
	paths := make(map[string][]string) // by holder: the paths before its name
	for _, nd := range x.Nodes() {
		if !isMCTQActivation(nd) {
			continue
		}
		g, err := mctqGrid(nd, formula)
		if err != nil {
			return nil, nil, err
		}
		if t := x.Type(input(nd, 0)); t != Float && t != Undefined {
			return nil, nil, badf("%s quantizes tensor %q of type %s, not FLOAT", nodeName(nd), input(nd, 0), t)
		}
		path, holder := mctqHolder(nd)
		paths[holder] = append(paths[holder], path)
		all = append(all, quantizer{name: holder, in: input(nd, 0), outs: []string{output(nd, 0)}, nodes: []node{nd}, grid: g})
		grids = append(grids, g)
	}
	if len(all) == 0 {
		return nil, nil, badf("no activation quantizer of the domain %s: this is no MCTQ export", mctqDomain)
	}
	distinguish(all, paths)
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

// distinguish gives holders of one name different ones: the path before it where that tells them apart, else a number.
func distinguish(all []quantizer, paths map[string][]string) {
	seen, taken := make(map[string]int), make(map[string]bool)
	for i, q := range all {
		same := paths[q.name]
		nth := seen[q.name]
		seen[q.name]++
		name := q.name
		if len(same) > 1 && name != "" {
			if name = same[nth] + "/" + q.name; nth > 0 && slices.Contains(same[:nth], same[nth]) {
				name = fmt.Sprintf("%s#%d", q.name, nth+1)
			} else if same[nth] == "" {
				name = q.name
			}
		}
		for j := 2; name != "" && taken[name]; j++ {
			name = fmt.Sprintf("%s#%d", q.name, j)
		}
		taken[name] = true
		all[i].name = name
	}
}
