package onnx

import (
	"fmt"
	"slices"

	"demote/quant"
)

// source follows a tensor up through nodes that only move values, until a tensor for which found is true. It returns "" if it
// comes to a node that computes before.
func source(x *Index, t string, found func(string) bool) string {
	for range len(x.Nodes()) + 1 {
		if found(t) {
			return t
		}
		p := x.Producer(t)
		if p == nil || !x.moves(p) {
			return ""
		}
		t = input(p, 0)
	}
	return ""
}

// dropMoved drops the holders that both files of a QDQ pair put on the grid of a holder from which their tensor's values are
// only moved: what such a quantizer reads is on its grid already. In files with holder names of their own every holder stays.
func (n *Network) dropMoved(low *Network, records []quant.Record) ([]quant.Record, error) {
	high, err := NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	below, err := NewIndex(low.Model)
	if err != nil {
		return nil, err
	}
	byTensor := make(map[string]int)
	for i, h := range n.Holders {
		byTensor[h.Tensor] = i
	}
	var holders []Holder
	var kept []quant.Record
	for i, h := range n.Holders {
		before := func(x *Index) string {
			p := x.Producer(h.Tensor)
			if p == nil || !x.moves(p) {
				return ""
			}
			return source(x, input(p, 0), func(t string) bool { _, ok := byTensor[t]; return ok })
		}
		from := before(high)
		if from == "" || h.Fixed || h.Name != h.Tensor || before(below) != from {
			holders, kept = append(holders, h), append(kept, records[i])
			continue
		}
		j := byTensor[from]
		if n.Holders[j].Fixed || n.Holders[j].Name != from || records[i] != records[j] || !slices.ContainsFunc(low.Holders, func(l Holder) bool { return l.Tensor == h.Tensor }) {
			holders, kept = append(holders, h), append(kept, records[i])
			continue
		}
		n.Omitted = append(n.Omitted, Omitted{Tensor: h.Tensor, Producer: h.Producer, Op: h.Op, Reason: fmt.Sprintf("moves values of %s", from)})
	}
	for i := range holders {
		holders[i].Index = i
	}
	n.Holders = holders
	return kept, nil
}

// pads lists the Pad nodes whose value is not on the low grid of the holder in front of them.
func (r *PairReport) pads(n *Network, records []quant.Record) error {
	x, err := NewIndex(n.Model)
	if err != nil {
		return err
	}
	byTensor := make(map[string]int)
	for i, h := range n.Holders {
		byTensor[h.Tensor] = i
	}
	for _, nd := range x.Nodes() {
		if !standard(nd) || nd.GetOpType() != "Pad" || attrString(nd, "mode", "constant") != "constant" {
			continue
		}
		from := source(x, input(nd, 0), func(t string) bool { _, ok := byTensor[t]; return ok })
		if from == "" {
			continue
		}
		value := float32(0)
		if c := x.Constant(input(nd, 2)); c != nil && DType(c.GetDataType()) == Float {
			v, err := Floats(c)
			if err != nil || len(v) != 1 {
				return badf("%s: its value %q is no single number", nodeName(nd), input(nd, 2))
			}
			value = v[0]
		}
		h := n.Holders[byTensor[from]]
		if g := records[h.Index].Low; !h.Fixed && g.Value(value) != value {
			r.Pads = append(r.Pads, OffGrid{Node: nodeLabel(nd), Holder: h.Name, Value: value, Nearest: g.Value(value)})
		}
	}
	return nil
}
