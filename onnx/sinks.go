package onnx

import "slices"

// A Sink says where the values of a tensor end, as far as values far below all others matter: those that attention masks and
// paddings put in.
type Sink int

const (
	// SinkNone: somewhere such values count.
	SinkNone Sink = iota
	// SinkZero: in Softmax, Exp and their like, whether by one operator or several, which make 0 or 1 of them. A grid that ends
	// at the lowest ordinary value would let through what is masked: such a tensor is best on no grid.
	SinkZero
	// SinkMaximum: in a maximum of several values. A grid that ends at the lowest ordinary value does what they did.
	SinkMaximum
	// SinkMinimum: in a minimum of several values; of values far above the others.
	SinkMinimum
)

// Sinks tells it of every holder's tensor.
func (n *Network) Sinks() ([]Sink, error) {
	x, err := NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	all, list := x.sinks(), make([]Sink, len(n.Holders))
	for i, h := range n.Holders {
		list[i] = all[h.Tensor]
	}
	return list, nil
}

// MaskInputs are the names of a model's inputs that may hold infinities, since all of them ends in sinks.
func (m *Model) MaskInputs() []string {
	x, err := NewIndex(m)
	if err != nil {
		return nil // whoever reads it next says so
	}
	sinks := x.sinks()
	var names []string
	for _, v := range m.Graph().GetInput() {
		if sinks[v.GetName()] != SinkNone {
			names = append(names, v.GetName())
		}
	}
	return names
}

// sinks finds those of all tensors, from the end of the graph on. Operators that move values or work on them one by one are
// passed; what reads a shape does not count.
func (x *Index) sinks() map[string]Sink {
	w := sinkWalk{Index: x, sinks: make(map[string]Sink), nodes: make(map[Sink]map[node]bool), tensors: make(map[Sink]map[string]bool)}
	for _, s := range []Sink{SinkZero, SinkMaximum, SinkMinimum} {
		w.nodes[s], w.tensors[s] = make(map[node]bool), make(map[string]bool)
	}
	for _, n := range slices.Backward(x.nodes) {
		for _, t := range n.GetOutput() {
			w.decide(t)
		}
		passes := func(s Sink) bool { return x.moves(n) && allOf(n.GetOutput(), w.tensors[s]) }
		largest := attrInt(n, "largest", 1) == 1
		w.nodes[SinkZero][n] = is(n, saturating|rectifying) || passes(SinkZero) || is(n, scoring) && allOf(n.GetOutput(), w.tensors[SinkZero])
		w.nodes[SinkMaximum][n] = is(n, lifting) && largest || passes(SinkMaximum)
		w.nodes[SinkMinimum][n] = is(n, lowering) || n.GetOpType() == "TopK" && !largest || passes(SinkMinimum)
	}
	for t := range x.inputs {
		w.decide(t)
	}
	return w.sinks
}

// sinkWalk holds what is known on the way up a graph.
type sinkWalk struct {
	*Index
	sinks   map[string]Sink
	nodes   map[Sink]map[node]bool   // whatever the node makes of what it reads ends there
	tensors map[Sink]map[string]bool // all that is read of the tensor ends there
}

// decide decides about one tensor by its readers.
func (w *sinkWalk) decide(t string) {
	for s, nodes := range w.nodes {
		w.tensors[s][t] = w.onlyTo(t, func(c node) bool { return nodes[c] })
	}
	for _, s := range []Sink{SinkZero, SinkMaximum, SinkMinimum} {
		if w.tensors[s][t] {
			w.sinks[t] = s
			return
		}
	}
	for _, s := range []Sink{SinkMaximum, SinkMinimum} { // some readers need it as it is
		if w.onlyTo(t, func(c node) bool { return w.nodes[SinkZero][c] || w.nodes[s][c] }) {
			w.sinks[t] = SinkZero
		}
	}
}

// onlyTo reports whether a tensor is read, by nothing but nodes that fulfil a condition.
func (x *Index) onlyTo(t string, condition func(node) bool) bool {
	readers := x.Consumers(t)
	if t == "" || x.IsOutput(t) || len(readers) == 0 {
		return false
	}
	for _, c := range readers {
		if !is(c, shaping) && !condition(c) {
			return false
		}
	}
	return true
}

// A LowPad is a Pad in front of a maximum: if its value lies below all that the holder From has, or is as low, it moves values of it.
type LowPad struct {
	Holder, From int
	Value        float32
}

// LowPads are the holders behind a Pad with a constant in front of maxima, and the holders whose values these pad.
func (n *Network) LowPads() ([]LowPad, error) {
	x, err := NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	sinks, holders := x.sinks(), n.byTensor()
	var list []LowPad
	for i, h := range n.Holders {
		p := x.Producer(h.Tensor)
		if p == nil || !standard(p) || p.GetOpType() != "Pad" || attrString(p, "mode", "constant") != "constant" || sinks[h.Tensor] != SinkMaximum {
			continue
		}
		from := source(x, input(p, 0), func(t string) bool { _, ok := holders[t]; return ok })
		c := x.Constant(input(p, 2))
		if from == "" || c == nil {
			continue
		}
		if v, err := Floats(c); err == nil && len(v) == 1 {
			list = append(list, LowPad{i, holders[from], v[0]})
		}
	}
	return list, nil
}

// Drop makes holders none, for reasons by holder. Of two, a mask's factors of two values each, all goes into tensors that are
// dropped: twoValued are those holders, and they are dropped with them.
func (n *Network) Drop(reasons map[int]string, twoValued func(holder int) bool) error {
	x, err := NewIndex(n.Model)
	if err != nil {
		return err
	}
	holders, within := n.byTensor(), make(map[node]bool)
	masking := func(t string) bool {
		h, ok := holders[t]
		if ok && reasons[h] != "" {
			return true
		}
		if ok && !twoValued(h) || !x.onlyTo(t, func(c node) bool { return within[c] }) {
			return false
		}
		if ok {
			reasons[h] = "part of an attention mask"
		}
		return true
	}
	for _, nd := range slices.Backward(x.nodes) {
		within[nd] = true
		for _, t := range nd.GetOutput() {
			within[nd] = within[nd] && (t == "" || masking(t))
		}
	}
	for t := range x.inputs {
		masking(t)
	}
	var kept []Holder
	for i, h := range n.Holders {
		if reasons[i] == "" {
			h.Index = len(kept)
			kept = append(kept, h)
			continue
		}
		n.Omitted = append(n.Omitted, Omitted{Tensor: h.Tensor, Producer: h.Producer, Op: h.Op, Reason: reasons[i]})
	}
	n.Holders = kept
	return nil
}
