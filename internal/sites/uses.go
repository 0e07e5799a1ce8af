package sites

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
)

// A Use is a node of the main graph with the holders that it reads and makes, by their indices in ascending order.
type Use struct {
	Node string // its name
	Op   string
	// holders whose values it reads: their tensors, what was moved out of them, and what a fused pattern makes of
	// them on the way
	Reads []int
	// holders of what it makes, itself or at the end of its fused pattern; none where it only moves values
	Makes []int
	sides [2][]int // of Reads, those behind its first and its second input
}

// Sides are the holders behind the first input of the node, and behind the second, which Conv, ConvTranspose, MatMul
// and Gemm multiply.
func (u Use) Sides() (first, second []int) { return ir.Sorted(u.sides[0]), ir.Sorted(u.sides[1]) }

// Uses lists the nodes of the network, in topological order, that read or make the values of a holder. A node inside a
// fused pattern, such as Conv in Conv + Relu, makes the holder at the pattern's end.
func Uses(n *network.Network) ([]Use, error) {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	w := &usesWalk{finder: newFinder(x), holder: make(map[string]int), from: make(map[string][]int), to: make(map[string][]int)}
	for _, h := range n.Activations() {
		w.holder[h.Tensor] = h.Index
	}
	w.forward()
	w.backward()
	var all []Use
	for _, nd := range x.Nodes() {
		if w.readsShape(nd) {
			continue
		}
		u := Use{Node: ir.Label(nd), Op: nd.GetOpType()}
		for _, t := range ir.Reads(nd) {
			u.Reads = append(u.Reads, w.sources(t)...)
		}
		for i := range u.sides {
			if t := ir.Input(nd, i); t != "" {
				u.sides[i] = w.sources(t)
			}
		}
		if !w.moves(nd) {
			for _, t := range nd.GetOutput() {
				u.Makes = append(u.Makes, w.to[t]...)
			}
		}
		if u.Reads, u.Makes = ir.Sorted(u.Reads), ir.Sorted(u.Makes); len(u.Reads)+len(u.Makes) > 0 {
			all = append(all, u)
		}
	}
	return all, nil
}

// usesWalk follows values between holders, each tensor once.
type usesWalk struct {
	*finder
	holder map[string]int   // by tensor
	from   map[string][]int // holders that a tensor without one takes its values from
	to     map[string][]int // holders that a tensor's values end up in
}

// sources are the holders behind a tensor's values; its own where it has one.
func (w *usesWalk) sources(t string) []int {
	if h, ok := w.holder[t]; ok {
		return []int{h}
	}
	return w.from[t]
}

func (w *usesWalk) forward() {
	for _, nd := range w.Nodes() {
		if w.readsShape(nd) {
			continue
		}
		var from []int
		for _, t := range ir.Reads(nd) {
			from = append(from, w.sources(t)...)
		}
		from = ir.Sorted(from)
		for _, t := range nd.GetOutput() {
			if _, ok := w.holder[t]; !ok && ir.IsFloat(w.Type(t)) {
				w.from[t] = from
			}
		}
	}
}

func (w *usesWalk) backward() {
	for t, h := range w.holder {
		w.to[t] = []int{h}
	}
	for _, nd := range slices.Backward(w.Nodes()) {
		if w.moves(nd) || w.readsShape(nd) {
			continue
		}
		var to []int
		for _, t := range nd.GetOutput() {
			to = append(to, w.to[t]...)
		}
		for _, t := range ir.Reads(nd) {
			if _, ok := w.holder[t]; !ok && ir.IsFloat(w.Type(t)) {
				w.to[t] = ir.Sorted(append(w.to[t], to...))
			}
		}
	}
}
