package onnx

import "slices"

// findHolders lists the points at which the float activations of a network are quantized, inputs first, then in the order of
// the nodes, and every other float tensor with the reason why it has none. The network's constants and BatchNormalizations
// are folded already. The time is linear in the size of the graph. Errors match ErrInput.
func findHolders(m *Model, o Options) ([]Holder, []Omitted, error) {
	x, err := NewIndex(m)
	if err != nil {
		return nil, nil, err
	}
	f := newFinder(x)
	f.options = o
	for _, v := range m.Graph().GetInput() {
		f.visit(v.GetName(), nil)
	}
	for _, n := range x.Nodes() {
		for _, t := range n.GetOutput() {
			if t != "" {
				f.visit(t, n)
			}
		}
		f.notice(n)
	}
	return f.holders, f.omitted, nil
}

// finder decides about the tensors of one graph.
type finder struct {
	*Index
	options Options
	holders []Holder
	omitted []Omitted

	varies  map[string]bool   // the values depend on those of an input, or on chance
	needed  map[string]bool   // the values reach an output of the network
	live    map[node]bool     // the nodes on the way there
	leaving map[string]bool   // what is read of the values are outputs of the network, moved at most
	inside  map[string]string // tensors inside a matched pattern, and its name
	values  map[string]valueSet
	masked  map[string]bool // attention scores after their mask, before Softmax
	masking map[string]bool // used for attention masks alone
	numbers map[string]bool // read as integers alone
	floors  map[node]bool   // the nodes of floors before logarithms and the like
	pools   []pattern       // of masks and counts
	pooled  map[node]bool   // the nodes of pools
	counts  map[string]bool // the tensors inside pools
}

func newFinder(x *Index) *finder {
	f := &finder{
		Index: x, varies: make(map[string]bool), needed: make(map[string]bool),
		live: make(map[node]bool), leaving: make(map[string]bool), inside: make(map[string]string),
		values: make(map[string]valueSet), masked: make(map[string]bool), masking: make(map[string]bool), numbers: make(map[string]bool), floors: make(map[node]bool),
		pooled: make(map[node]bool), counts: make(map[string]bool),
	}
	f.findVaries()
	f.findNeeded()
	f.findLeaving()
	f.findPools()
	f.findMasks()
	f.findNumbers()
	f.findPatterns()
	return f
}

// visit makes a tensor a holder or says why it is none; n is nil for an input.
func (f *finder) visit(t string, n node) {
	if f.Type(t) != Float && !isFloat(f.Type(t)) {
		return
	}
	if reason := f.reason(t, n); reason != "" {
		f.omit(t, n, reason)
		return
	}
	h := Holder{Name: t, Tensor: t, Index: len(f.holders), Consumers: []string{}}
	if n != nil {
		h.Producer, h.Op = label(n), n.GetOpType()
	}
	for _, c := range f.Consumers(t) {
		h.Consumers = append(h.Consumers, label(c))
	}
	f.holders = append(f.holders, h)
}

// reason says why a float tensor has no holder; "" if it has one.
func (f *finder) reason(t string, n node) string {
	if f.Type(t) != Float {
		return "its type is " + typeName(f.Type(t)) + ", only float32 is quantized"
	}
	if !f.varies[t] {
		return "its values are constant"
	}
	if n != nil {
		if f.moves(n) {
			return "moves values of " + input(n, 0)
		}
	}
	if f.inside[t] == poolPattern {
		return "inside " + poolPattern
	}
	if f.masking[t] {
		return "part of an attention mask"
	}
	if f.numbers[t] {
		return "cast to integers, or compared for equality: a grid would make other numbers of them"
	}
	if f.masked[t] {
		return "masked attention scores before Softmax"
	}
	if pattern, ok := f.inside[t]; ok {
		return "inside " + pattern
	}
	switch {
	case f.IsOutput(t) && !f.feeds(t) && n != nil:
		if !f.options.OutputHolder {
			return "output of the network"
		}
	case f.leaving[t] && n != nil:
		if !f.options.OutputHolder {
			return "output of the network, where it has another shape or type"
		}
	case !f.needed[t] && len(f.Consumers(t)) == 0:
		return "nothing reads it"
	case !f.needed[t]:
		return "no output depends on its values"
	}
	return ""
}

func (f *finder) omit(t string, n node, reason string) {
	o := Omitted{Tensor: t, Reason: reason}
	if n != nil {
		o.Producer, o.Op = label(n), n.GetOpType()
	}
	f.omitted = append(f.omitted, o)
}

// label names a node: some exporters leave the name out, then its first output stands for it.
func label(n node) string {
	if n.GetName() != "" {
		return n.GetName()
	}
	i := slices.IndexFunc(n.GetOutput(), func(s string) bool { return s != "" })
	if i < 0 {
		return n.GetOpType()
	}
	return n.GetOutput()[i]
}

func typeName(t DType) string {
	switch t {
	case Float16:
		return "float16"
	case BFloat16:
		return "bfloat16"
	}
	return "double"
}
