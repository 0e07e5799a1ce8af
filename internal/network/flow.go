package network

import (
	"slices"

	"example.org/demote/internal/ir"
)

// A Flow is how a holder's tensor comes about.
type Flow struct {
	// From are the indexes of the holders whose values it is computed from without another holder in between, in rising
	// order, those of weights among them. What depends on the samples by shapes and sizes alone does not count.
	From []int
	Ops  []string // operators from them to it, in graph order; of many the last
}

// maxFlowOps bounds Flow.Ops.
const maxFlowOps = 6

// Flow returns the flow of every holder; weights are computed from nothing. Nodes must be in topological order.
func (n *Network) Flow() []Flow {
	flow := make([]Flow, len(n.Holders))
	made := make(map[string]source)
	holder := make(map[string]int, len(n.Holders))
	weights := make(map[string][]int) // of a node, by its first output
	for i, h := range n.Holders {
		if h.Weights == nil {
			holder[h.Tensor] = i
			continue
		}
		for _, p := range h.Weights.Places {
			weights[p.Output] = append(weights[p.Output], i)
		}
	}
	nodes := n.Model.Graph().GetNode()
	take := func(tensor string, s source) {
		if i, ok := holder[tensor]; ok {
			flow[i].From = s.holders
			for _, at := range s.nodes {
				flow[i].Ops = append(flow[i].Ops, nodes[at].GetOpType())
			}
			s = source{holders: []int{i}}
		}
		made[tensor] = s
	}
	for _, v := range n.Model.Inputs() {
		take(v.Name, source{})
	}
	for at, node := range nodes {
		var s source
		if !ir.Standard(node) || node.GetOpType() != "Shape" && node.GetOpType() != "Size" {
			for _, in := range ir.Reads(node) {
				s.holders = append(s.holders, made[in].holders...)
				s.nodes = append(s.nodes, made[in].nodes...)
			}
		}
		s.holders = append(s.holders, weights[ir.Output(node, 0)]...)
		s.holders, s.nodes = sorted(s.holders), sorted(append(s.nodes, at))
		s.nodes = s.nodes[max(0, len(s.nodes)-maxFlowOps):]
		for _, out := range node.GetOutput() {
			take(out, s)
		}
	}
	return flow
}

// A source is what a tensor is made of: the last holders before it, and the nodes after them.
type source struct{ holders, nodes []int }

func sorted(list []int) []int {
	slices.Sort(list)
	return slices.Compact(list)
}
