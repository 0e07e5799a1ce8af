package pair

import (
	"fmt"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// dropMoved drops the holders that both files of a QDQ pair put on the grid of a holder from which their tensor's
// values are only moved: what such a quantizer reads is on its grid already. In files with holder names of their own
// every holder stays.
func dropMoved(n *network.Network, low *network.Network, records []quant.Record) ([]quant.Record, error) {
	high, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	below, err := ir.NewIndex(low.Model)
	if err != nil {
		return nil, err
	}
	byTensor := make(map[string]int)
	for i, h := range n.Holders {
		byTensor[h.Tensor] = i
	}
	var holders []network.Holder
	var kept []quant.Record
	for i, h := range n.Holders {
		before := func(x *ir.Index) string {
			p := x.Producer(h.Tensor)
			if p == nil || !x.Moves(p) {
				return ""
			}
			return ir.Source(x, ir.Input(p, 0), func(t string) bool { _, ok := byTensor[t]; return ok })
		}
		from := before(high)
		if from == "" || h.Fixed || h.Name != h.Tensor || before(below) != from {
			holders, kept = append(holders, h), append(kept, records[i])
			continue
		}
		j := byTensor[from]
		if n.Holders[j].Fixed || n.Holders[j].Name != from || records[i] != records[j] || !slices.ContainsFunc(low.Holders, func(l network.Holder) bool { return l.Tensor == h.Tensor }) {
			holders, kept = append(holders, h), append(kept, records[i])
			continue
		}
		n.Omitted = append(n.Omitted, network.Omitted{Tensor: h.Tensor, Producer: h.Producer, Op: h.Op, Reason: fmt.Sprintf("moves values of %s", from)})
	}
	for i := range holders {
		holders[i].Index = i
	}
	n.Holders = holders
	return kept, nil
}

// pads lists the Pad nodes whose value is not on the low grid of the holder in front of them.
func (r *Report) pads(n *network.Network, records []quant.Record) error {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return err
	}
	byTensor := make(map[string]int)
	for i, h := range n.Holders {
		byTensor[h.Tensor] = i
	}
	for _, nd := range x.Nodes() {
		if !ir.Standard(nd) || nd.GetOpType() != "Pad" || ir.AttrString(nd, "mode", "constant") != "constant" {
			continue
		}
		from := ir.Source(x, ir.Input(nd, 0), func(t string) bool { _, ok := byTensor[t]; return ok })
		if from == "" {
			continue
		}
		value := float32(0)
		if c := x.Constant(ir.Input(nd, 2)); c != nil && ir.DType(c.GetDataType()) == ir.Float {
			v, err := ir.Floats(c)
			if err != nil || len(v) != 1 {
				return mistake.Errorf("%s: its value %q is no single number", ir.NodeName(nd), ir.Input(nd, 2))
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
