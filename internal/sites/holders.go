package sites

import (
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
)

// Find finds the activation quantizers (holders) of a network, inputs first, then in the order of the nodes. It also
// lists every other float tensor, with the reason why it has none. Constants and BatchNormalizations must be folded
// before. The time is linear in the size of the graph. Errors match mistake.Err.
func Find(m *ir.Model, o network.Options) ([]network.Holder, []network.Omitted, error) {
	x, err := ir.NewIndex(m)
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
		f.omitHidden(n)
	}
	return f.holders, f.omitted, nil
}

// finder decides about the tensors of one graph.
type finder struct {
	*ir.Index
	options network.Options
	holders []network.Holder
	omitted []network.Omitted

	varies  map[string]bool   // the values depend on those of an input, or on chance
	needed  map[string]bool   // the values reach an output of the network
	live    map[ir.Node]bool  // the nodes on the way there
	leaving map[string]bool   // what is read of the values are outputs of the network, moved at most
	inside  map[string]string // tensors inside a matched pattern, and its name
	values  map[string]valueSet
	masked  map[string]bool  // attention scores after their mask, before Softmax
	masking map[string]bool  // used for attention masks alone
	numbers map[string]bool  // read as integers alone
	floors  map[ir.Node]bool // the nodes of floors before logarithms and the like
	pools   []pattern        // of masks and counts
	pooled  map[ir.Node]bool // the nodes of pools
	counts  map[string]bool  // the tensors inside pools
}

func newFinder(x *ir.Index) *finder {
	f := &finder{
		Index: x, varies: make(map[string]bool), needed: make(map[string]bool),
		live: make(map[ir.Node]bool), leaving: make(map[string]bool), inside: make(map[string]string),
		values: make(map[string]valueSet), masked: make(map[string]bool), masking: make(map[string]bool), numbers: make(map[string]bool), floors: make(map[ir.Node]bool),
		pooled: make(map[ir.Node]bool), counts: make(map[string]bool),
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
func (f *finder) visit(t string, n ir.Node) {
	if f.Type(t) != ir.Float && !ir.IsFloat(f.Type(t)) {
		return
	}
	if reason := f.reason(t, n); reason != "" {
		f.omit(t, n, reason)
		return
	}
	h := network.Holder{Name: t, Tensor: t, Index: len(f.holders), Consumers: []string{}}
	if n != nil {
		h.Producer, h.Op = ir.Label(n), n.GetOpType()
	}
	for _, c := range f.Consumers(t) {
		h.Consumers = append(h.Consumers, ir.Label(c))
	}
	f.holders = append(f.holders, h)
}

// reason says why a float tensor has no holder; "" if it has one.
func (f *finder) reason(t string, n ir.Node) string {
	if f.Type(t) != ir.Float {
		return "its type is " + ir.TypeName(f.Type(t)) + ", only float32 is quantized"
	}
	if !f.varies[t] {
		return "its values are constant"
	}
	if n != nil {
		if f.moves(n) {
			return "moves values of " + ir.Input(n, 0)
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

func (f *finder) omit(t string, n ir.Node, reason string) {
	o := network.Omitted{Tensor: t, Reason: reason}
	if n != nil {
		o.Producer, o.Op = ir.Label(n), n.GetOpType()
	}
	f.omitted = append(f.omitted, o)
}
