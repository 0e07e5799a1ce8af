package onnx

import (
	"slices"

	"demote/quant"
)

// contribDomain is ONNX Runtime's own domain, whose QuantizeLinear knows 16 bits at every operator set.
const contribDomain = "com.microsoft"

func isQ(n node) bool  { return isLinear(n, "QuantizeLinear") }
func isDQ(n node) bool { return isLinear(n, "DequantizeLinear") }

func isLinear(n node, op string) bool {
	return n.GetOpType() == op && (standard(n) || n.GetDomain() == contribDomain)
}

// ReadQDQ makes a network of a file with QuantizeLinear and DequantizeLinear nodes, of the standard domain or
// com.microsoft, and returns the grid of every holder, of formula QDQ. The model stays as it is. Every activation that is
// quantized is a holder, in the order of their producers, inputs first, named after its tensor; equal pairs on one tensor are one holder, a pair behind
// another one (where two widths meet) is a holder of its own. Constants behind a DequantizeLinear become floats.
//
// Errors match ErrInput and name the node and its input or attribute: scales or zero points that are not constant, not
// positive or per channel, integers that something else than a DequantizeLinear reads, a DequantizeLinear with another grid
// than its QuantizeLinear; and they say so where no activation is quantized at all.
func ReadQDQ(m *Model) (*Network, []quant.Grid, error) {
	n, grids, err := readQDQ(m)
	if err != nil {
		return nil, nil, m.in(err)
	}
	return n, grids, nil
}

// IsQDQ reports whether a model has QuantizeLinear or DequantizeLinear nodes.
func (m *Model) IsQDQ() bool {
	return slices.ContainsFunc(m.Graph().GetNode(), func(n node) bool { return isQ(n) || isDQ(n) })
}

func readQDQ(m *Model) (*Network, []quant.Grid, error) {
	n, err := imported(m)
	if err != nil {
		return nil, nil, err
	}
	weights, err := dequantizeConstants(n.Model)
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
	all, err := qdqPairs(x)
	if err != nil {
		return nil, nil, err
	}
	if len(all) == 0 {
		return nil, nil, badf("no activation is quantized: the Model Compression Toolkit's FAKELY_QUANT format drops every holder of more than 8 bits; export with QuantizationFormat.MCTQ, or give the float model and calibration data")
	}
	if err := n.strip(all); err != nil {
		return nil, nil, err
	}
	dropDomain(n.Model, contribDomain)
	n.dropParameters(all)
	grids, err := n.sortHolders(all)
	return n, grids, err
}

// qdqPairs finds the activation quantizers of a model whose constants are dequantized.
func qdqPairs(x *Index) ([]quantizer, error) {
	var all []quantizer
	at := make(map[string][]int) // by tensor: its quantizers
	for _, nd := range x.Nodes() {
		switch {
		case nd.GetOpType() == "DynamicQuantizeLinear":
			return nil, badf("%s: the grid is computed when the network runs: quantize it statically", nodeName(nd))
		case isDQ(nd):
			if p := x.Producer(input(nd, 0)); p == nil || !isQ(p) {
				return nil, badf("%s reads integers, %q, that no QuantizeLinear makes: a network whose inputs or operators are integer (QOperator format) is not supported", nodeName(nd), input(nd, 0))
			}
		case isQ(nd):
			q, err := qdqPair(x, nd)
			if err != nil {
				return nil, err
			}
			same := slices.IndexFunc(at[q.in], func(i int) bool { return all[i].grid == q.grid })
			if same >= 0 {
				first := &all[at[q.in][same]]
				first.nodes, first.outs = append(first.nodes, q.nodes...), append(first.outs, q.outs...)
				continue
			}
			at[q.in] = append(at[q.in], len(all))
			all = append(all, q)
		}
	}
	return all, nil
}

// qdqPair reads a QuantizeLinear with all DequantizeLinear nodes behind it.
func qdqPair(x *Index, n node) (quantizer, error) {
	q := quantizer{in: input(n, 0), nodes: []node{n}}
	if q.in == "" || len(n.GetOutput()) != 1 {
		return q, badf("%s: no input or no output", nodeName(n))
	}
	if t := x.Type(q.in); t != Float && t != Undefined {
		return q, badf("%s quantizes tensor %q of type %s, not FLOAT", nodeName(n), q.in, t)
	}
	var err error
	if q.grid, err = qdqGrid(x, n); err != nil {
		return q, err
	}
	codes := output(n, 0)
	if x.IsOutput(codes) {
		return q, badf("%s: its integers, %q, are an output of the network: add a DequantizeLinear", nodeName(n), codes)
	}
	for _, c := range x.Consumers(codes) {
		if !isDQ(c) || input(c, 0) != codes {
			return q, badf("%s computes with the integers %q of %s: integer operators (QOperator format) are not supported, export in QDQ format", nodeName(c), codes, nodeName(n))
		}
		g, err := qdqGrid(x, c)
		if err != nil {
			return q, err
		}
		if g != q.grid {
			return q, badf("%s has another scale or zero point (%s) than %s (%s)", nodeName(c), g, nodeName(n), q.grid)
		}
		q.nodes, q.outs = append(q.nodes, c), append(q.outs, output(c, 0))
	}
	if len(q.outs) == 0 {
		return q, badf("%s: nothing reads its integers %q", nodeName(n), codes)
	}
	return q, nil
}

// sortHolders numbers the holders in the order of their producers, inputs first in the graph's order, and returns their grids.
func (n *Network) sortHolders(all []quantizer) ([]quant.Grid, error) {
	x, err := NewIndex(n.Model)
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
	slices.SortStableFunc(n.Holders, func(a, b Holder) int { return place[a.Tensor] - place[b.Tensor] })
	var grids []quant.Grid
	for i := range n.Holders {
		grids = append(grids, all[n.Holders[i].Index].grid)
		n.Holders[i].Index = i
	}
	return grids, nil
}

// dropParameters removes scales and zero points that only removed nodes have read.
func (n *Network) dropParameters(all []quantizer) {
	candidates := make(map[string]map[int]string)
	for _, q := range all {
		for _, nd := range q.nodes {
			for _, in := range nd.GetInput()[1:] {
				candidates[in] = map[int]string{}
			}
		}
	}
	n.dropUnread(candidates)
}
