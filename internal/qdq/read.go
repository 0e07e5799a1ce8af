package qdq

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/quantize"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// read makes a network of a file with QuantizeLinear and DequantizeLinear nodes, of the standard domain or
// com.microsoft, and returns the grid of every holder, of formula QDQ. The model stays as it is. Every activation
// that is quantized is a holder, in the order of their producers, inputs first, named after its tensor; equal pairs
// on one tensor are one holder, a pair behind another one (where two widths meet) is a holder of its own. Constants
// behind a DequantizeLinear become floats.
//
// Errors match mistake.Err and name the node and its input or attribute: scales or zero points that are not constant,
// not positive or per channel, integers that something else than a DequantizeLinear reads, a DequantizeLinear with
// another grid than its QuantizeLinear; and they say so where no activation is quantized at all.
func read(m *ir.Model) (*network.Network, []quant.Grid, error) {
	n, grids, err := readQDQ(m)
	if err != nil {
		return nil, nil, m.InFile(err)
	}
	return n, grids, nil
}

func readQDQ(m *ir.Model) (*network.Network, []quant.Grid, error) {
	n, err := prepare.Imported(m)
	if err != nil {
		return nil, nil, err
	}
	weights, err := dequantizeConstants(n.Model)
	if err != nil {
		return nil, nil, err
	}
	if err := joinCasts(n.Model); err != nil {
		return nil, nil, err
	}
	if err := prepare.FoldWeights(n, weights); err != nil {
		return nil, nil, err
	}
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, nil, err
	}
	all, err := qdqPairs(x)
	if err != nil {
		return nil, nil, err
	}
	if len(all) == 0 {
		return nil, nil, mistake.Errorf("no activation is quantized: the Model Compression Toolkit's FAKELY_QUANT format drops every holder of more than 8 bits; export with QuantizationFormat.MCTQ, or give the float model and calibration data")
	}
	if err := quantize.Strip(n, all); err != nil {
		return nil, nil, err
	}
	quantize.DropDomain(n.Model, ir.ContribDomain)
	dropParameters(n, all)
	grids, err := sortHolders(n, all)
	return n, grids, err
}

// qdqPairs finds the activation quantizers of a model whose constants are dequantized.
func qdqPairs(x *ir.Index) ([]quantize.Quantizer, error) {
	var all []quantize.Quantizer
	at := make(map[string][]int) // by tensor: its quantizers
	for _, nd := range x.Nodes() {
		switch {
		case nd.GetOpType() == "DynamicQuantizeLinear":
			return nil, mistake.Errorf("%s: the grid is computed when the network runs: quantize it statically", ir.NodeName(nd))
		case ir.IsDQ(nd):
			if p := x.Producer(ir.Input(nd, 0)); p == nil || !ir.IsQ(p) {
				return nil, mistake.Errorf("%s reads integers, %q, that no QuantizeLinear makes: a network whose inputs or operators are integer (QOperator format) is not supported", ir.NodeName(nd), ir.Input(nd, 0))
			}
		case ir.IsQ(nd), isJoined(nd):
			q, err := qdqPair(x, nd)
			if err != nil {
				return nil, err
			}
			same := slices.IndexFunc(at[q.In], func(i int) bool { return all[i].Grid == q.Grid })
			if same >= 0 {
				first := &all[at[q.In][same]]
				first.Nodes, first.Outs = append(first.Nodes, q.Nodes...), append(first.Outs, q.Outs...)
				continue
			}
			at[q.In] = append(at[q.In], len(all))
			all = append(all, q)
		}
	}
	return all, nil
}

// qdqPair reads a QuantizeLinear with all DequantizeLinear nodes behind it.
func qdqPair(x *ir.Index, n ir.Node) (quantize.Quantizer, error) {
	q := quantize.Quantizer{In: ir.Input(n, 0), Nodes: []ir.Node{n}}
	if q.In == "" || len(n.GetOutput()) != 1 {
		return q, mistake.Errorf("%s: no input or no output", ir.NodeName(n))
	}
	if t := x.Type(q.In); t != ir.Float && t != ir.Undefined {
		return q, mistake.Errorf("%s quantizes tensor %q of type %s, not FLOAT", ir.NodeName(n), q.In, t)
	}
	if isJoined(n) {
		q.Grid, q.Outs = quant.BF16Grid(), n.GetOutput()
		return q, nil
	}
	var err error
	if q.Grid, err = qdqGrid(x, n); err != nil {
		return q, err
	}
	codes := ir.Output(n, 0)
	if x.IsOutput(codes) {
		return q, mistake.Errorf("%s: its integers, %q, are an output of the network: add a DequantizeLinear", ir.NodeName(n), codes)
	}
	for _, c := range x.Consumers(codes) {
		if !ir.IsDQ(c) || ir.Input(c, 0) != codes {
			return q, mistake.Errorf("%s computes with the integers %q of %s: integer operators (QOperator format) are not supported, export in QDQ format", ir.NodeName(c), codes, ir.NodeName(n))
		}
		g, err := qdqGrid(x, c)
		if err != nil {
			return q, err
		}
		if g != q.Grid {
			return q, mistake.Errorf("%s has another scale or zero point (%s) than %s (%s)", ir.NodeName(c), g, ir.NodeName(n), q.Grid)
		}
		q.Nodes, q.Outs = append(q.Nodes, c), append(q.Outs, ir.Output(c, 0))
	}
	if len(q.Outs) == 0 {
		return q, mistake.Errorf("%s: nothing reads its integers %q", ir.NodeName(n), codes)
	}
	return q, nil
}

// sortHolders numbers the holders in the order of their producers, inputs first in the graph's order, and returns
// their grids.
func sortHolders(n *network.Network, all []quantize.Quantizer) ([]quant.Grid, error) {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	place := make(map[string]int)
	for i, v := range n.Model.Graph().GetInput() {
		place[v.GetName()] = i - len(n.Model.Graph().GetInput())
	}
	for i, nd := range x.Nodes() {
		for _, out := range nd.GetOutput() {
			place[out] = i
		}
	}
	slices.SortStableFunc(n.Holders, func(a, b network.Holder) int { return place[a.Tensor] - place[b.Tensor] })
	var grids []quant.Grid
	for i := range n.Holders {
		grids = append(grids, all[n.Holders[i].Index].Grid)
		n.Holders[i].Index = i
	}
	return grids, nil
}

// dropParameters removes scales and zero points that only removed nodes have read.
func dropParameters(n *network.Network, all []quantize.Quantizer) {
	candidates := make(map[string]bool)
	for _, q := range all {
		for _, nd := range q.Nodes {
			for _, in := range nd.GetInput()[1:] {
				candidates[in] = true
			}
		}
	}
	quantize.DropUnread(n.Model, candidates)
}
