package sites

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/shapes"
	"example.org/demote/mistake"
)

// Work is the number of multiply-accumulates of one run over given sizes.
type Work struct {
	All float64 // of all that an output depends on
	// of those, what stays in floating point whatever the mix: operators that read no holder, or that no grid can
	// enter
	Float float64
	Least bool // some sizes are not known: there is no less than this
	// Islands are the nodes that stay in floating point, the most work first.
	Islands []Island
	// Quantized is the number of operators such as Conv, Gemm and MatMul that read holders.
	Quantized int
}

// An Island is a node that stays in floating point.
type Island struct {
	Node string // what it is and where, for messages
	MACs float64
}

// Measure counts multiply-accumulates for a run over inputs of the given sizes. dims may have those of other tensors
// too; the rest is inferred by simple rules. A product counts as quantized if all its float operands that depend on an
// input come from holders. Bodies of If, Loop and Scan, LSTM, GRU, RNN, and attention in one operator stay in floating
// point.
func Measure(n *network.Network, dims map[string][]int64) (Work, error) {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return Work{}, err
	}
	w := &usesWalk{finder: newFinder(x), holder: make(map[string]int), from: make(map[string][]int), to: make(map[string][]int)}
	for _, h := range n.Activations() {
		w.holder[h.Tensor] = h.Index
	}
	w.forward()
	s := &shapes.Sizes{Dims: make(map[string][]int64, len(dims))}
	for name, d := range dims {
		s.Dims[name] = d
	}
	for _, t := range n.Model.Graph().GetInitializer() {
		s.Dims[t.GetName()] = t.GetDims()
	}
	var all Work
	for _, nd := range x.Nodes() {
		s.Infer(nd, x.Constant)
		macs, least, some := s.NodeWork(nd, x.Constant)
		if !some || !w.live[nd] {
			continue
		}
		all.All, all.Least = all.All+macs, all.Least || least
		if w.hasHolder(nd) {
			all.Quantized++
			continue
		}
		all.Float += macs
		all.Islands = append(all.Islands, Island{ir.NodeName(nd), macs})
	}
	slices.SortStableFunc(all.Islands, func(a, b Island) int { return cmp.Compare(b.MACs, a.MACs) })
	return all, nil
}

// hasHolder reports whether what a node multiplies is on grids.
func (w *usesWalk) hasHolder(n ir.Node) bool {
	if !shapes.Quantizable[n.GetOpType()] {
		return false
	}
	operands := n.GetInput()
	if n.GetOpType() != "Einsum" {
		operands = operands[:min(2, len(operands))]
	}
	held := false
	for _, t := range operands {
		if t == "" || !w.varies[t] {
			continue
		}
		if w.Type(t) != ir.Float || len(w.sources(t)) == 0 {
			return false
		}
		held = true
	}
	return held
}

// CheckQuantizable refuses a network in which no Conv, Gemm, MatMul or similar operator reads a holder, so that only
// sums and activations would be quantized. The error matches mistake.Err and names the operators that are there
// instead.
func CheckQuantizable(n *network.Network) error {
	work, err := Measure(n, nil)
	if err != nil || work.Quantized > 0 {
		return err
	}
	const most = 3
	var found []string
	for _, i := range work.Islands[:min(most, len(work.Islands))] {
		found = append(found, i.Node)
	}
	if more := len(work.Islands) - most; more > 0 {
		found = append(found, fmt.Sprintf("%d more", more))
	}
	if found != nil {
		cure, err := floatCure(n)
		if err != nil {
			return err
		}
		return n.Model.InFile(mistake.Errorf("no Conv, Gemm or MatMul can be quantized: all that multiplies is %s, which stays in floating point; %s", strings.Join(found, ", "), cure))
	}
	return n.Model.InFile(NothingMultiplies(n.Model))
}

// NothingMultiplies refuses a network without products, and names its operators.
func NothingMultiplies(m *ir.Model) error {
	const most = 6
	var found []string
	ops := map[string]int{}
	for _, nd := range m.Graph().GetNode() {
		ops[nd.GetOpType()]++
	}
	for _, op := range sortedByCount(ops) {
		found = append(found, fmt.Sprintf("%d %s", ops[op], op))
	}
	return mistake.Errorf("no Conv, Gemm or MatMul can be quantized: the network has none, only %s", strings.Join(found[:min(most, len(found))], ", "))
}

func sortedByCount(ops map[string]int) []string {
	var names []string
	for op := range ops {
		names = append(names, op)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(ops[b], ops[a]), cmp.Compare(a, b)) })
	return names
}
