package sinks

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
)

// A Sink says where values of a tensor end that lie far below all others, as those of attention masks and paddings do.
type Sink int

const (
	// None: somewhere such values count.
	None Sink = iota
	// Zero: in Softmax, Exp and their like, whether by one operator or several, which make 0 or 1 of them. A grid
	// that ends at the lowest ordinary value would let through what is masked: such a tensor is best on no grid.
	Zero
	// Maximum: in a maximum of several values. A grid that ends at the lowest ordinary value does what they did.
	Maximum
	// Minimum: in a minimum of several values; of values far above the others.
	Minimum
)

// Of returns the sink of every holder's tensor.
func Of(n *network.Network) ([]Sink, error) {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	all, list := ByTensor(x), make([]Sink, len(n.Holders))
	for i, h := range n.Holders {
		list[i] = all[h.Tensor]
	}
	return list, nil
}

// MaskInputs returns the names of the inputs of a model that may have infinities, since all their readers end in sinks.
func MaskInputs(m *ir.Model) []string {
	x, err := ir.NewIndex(m)
	if err != nil {
		return nil // the next reader reports it
	}
	sinks := ByTensor(x)
	var names []string
	for _, v := range m.Graph().GetInput() {
		if sinks[v.GetName()] != None {
			names = append(names, v.GetName())
		}
	}
	return names
}

// ByTensor finds the sinks of all tensors, from the end of the graph to its beginning. It looks through operators that
// move values or work on them element by element; nodes that read a shape do not count.
func ByTensor(x *ir.Index) map[string]Sink {
	w := sinkWalk{Index: x, sinks: make(map[string]Sink), nodes: make(map[Sink]map[ir.Node]bool), tensors: make(map[Sink]map[string]bool)}
	for _, s := range []Sink{Zero, Maximum, Minimum} {
		w.nodes[s], w.tensors[s] = make(map[ir.Node]bool), make(map[string]bool)
	}
	for _, n := range slices.Backward(x.Ordered) {
		for _, t := range n.GetOutput() {
			w.decide(t)
		}
		passes := func(s Sink) bool { return x.Moves(n) && AllOf(n.GetOutput(), w.tensors[s]) }
		largest := ir.AttrInt(n, "largest", 1) == 1
		w.nodes[Zero][n] = ir.Is(n, ir.Saturating|ir.Rectifying) || passes(Zero) || ir.Is(n, ir.Scoring) && AllOf(n.GetOutput(), w.tensors[Zero])
		w.nodes[Maximum][n] = ir.Is(n, ir.Lifting) && largest || passes(Maximum)
		w.nodes[Minimum][n] = ir.Is(n, ir.Lowering) || n.GetOpType() == "TopK" && !largest || passes(Minimum)
	}
	for t := range x.Inputs {
		w.decide(t)
	}
	return w.sinks
}

// sinkWalk holds what is known on the way up a graph.
type sinkWalk struct {
	*ir.Index
	sinks   map[string]Sink
	nodes   map[Sink]map[ir.Node]bool // whatever the node makes of what it reads ends there
	tensors map[Sink]map[string]bool  // all that is read of the tensor ends there
}

// decide decides about one tensor by its readers.
func (w *sinkWalk) decide(t string) {
	for s, nodes := range w.nodes {
		w.tensors[s][t] = OnlyTo(w.Index, t, func(c ir.Node) bool { return nodes[c] })
	}
	for _, s := range []Sink{Zero, Maximum, Minimum} {
		if w.tensors[s][t] {
			w.sinks[t] = s
			return
		}
	}
	for _, s := range []Sink{Maximum, Minimum} { // some readers need it as it is
		if OnlyTo(w.Index, t, func(c ir.Node) bool { return w.nodes[Zero][c] || w.nodes[s][c] }) {
			w.sinks[t] = Zero
		}
	}
}

// OnlyTo reports whether a tensor has readers, and all of them fulfil a condition.
func OnlyTo(x *ir.Index, t string, condition func(ir.Node) bool) bool {
	readers := x.Consumers(t)
	if t == "" || x.IsOutput(t) || len(readers) == 0 {
		return false
	}
	for _, c := range readers {
		if !ir.Is(c, ir.Shaping) && !condition(c) {
			return false
		}
	}
	return true
}

// A LowPad is a Pad before a maximum. If its value is at most the lowest of the holder From, it adds no new values.
type LowPad struct {
	Holder, From int
	Value        float32
}

// LowPads returns the holders after a Pad with a constant that end in maxima, and the holders whose values these Pads
// pad.
func LowPads(n *network.Network) ([]LowPad, error) {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	sinks, holders := ByTensor(x), n.ByTensor()
	var list []LowPad
	for i, h := range n.Holders {
		p := x.Producer(h.Tensor)
		if p == nil || !ir.Standard(p) || p.GetOpType() != "Pad" || ir.AttrString(p, "mode", "constant") != "constant" || sinks[h.Tensor] != Maximum {
			continue
		}
		from := ir.Source(x, ir.Input(p, 0), func(t string) bool { _, ok := holders[t]; return ok })
		c := x.Constant(ir.Input(p, 2))
		if from == "" || c == nil {
			continue
		}
		if v, err := ir.Floats(c); err == nil && len(v) == 1 {
			list = append(list, LowPad{i, holders[from], v[0]})
		}
	}
	return list, nil
}

// Drop removes holders, with reasons by holder. twoValued are holders of a mask's factors with two values each: they
// are removed too if they end only in removed tensors.
func Drop(n *network.Network, reasons map[int]string, twoValued func(holder int) bool) error {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return err
	}
	holders, within := n.ByTensor(), make(map[ir.Node]bool)
	masking := func(t string) bool {
		h, ok := holders[t]
		if ok && reasons[h] != "" {
			return true
		}
		if ok && !twoValued(h) || !OnlyTo(x, t, func(c ir.Node) bool { return within[c] }) {
			return false
		}
		if ok {
			reasons[h] = "part of an attention mask"
		}
		return true
	}
	for _, nd := range slices.Backward(x.Ordered) {
		within[nd] = true
		for _, t := range nd.GetOutput() {
			within[nd] = within[nd] && (t == "" || masking(t))
		}
	}
	for t := range x.Inputs {
		masking(t)
	}
	var kept []network.Holder
	for i, h := range n.Holders {
		if reasons[i] == "" {
			h.Index = len(kept)
			kept = append(kept, h)
			continue
		}
		n.Omitted = append(n.Omitted, network.Omitted{Tensor: h.Tensor, Producer: h.Producer, Op: h.Op, Reason: reasons[i]})
	}
	n.Holders = kept
	return nil
}

// AllOf reports whether all names, except empty ones, are in a set.
func AllOf(names []string, set map[string]bool) bool {
	return !slices.ContainsFunc(names, func(t string) bool { return t != "" && !set[t] })
}
