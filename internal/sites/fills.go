package sites

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/sinks"
)

// A Fill says what masks and paddings may put into a holder's tensor, and whether a range may leave it out.
type Fill struct {
	Sink      sinks.Sink
	Low, High bool      // what reads the tensor absorbs values far below, far above all others
	Values    []float32 // those that constants and tensors of few values put in, sorted; none: nothing does
	Exact     bool      // they are there as they are; else scores have been added to them or have multiplied them
}

// Known is what data have shown of a tensor: all its values, or only those that a mask must have put in.
type Known struct {
	Values []float32
	All    bool
}

// Fills tells it of every holder's tensor, by the graph and by what is known of tensors: a value counts that is of at
// least that size and that a Pad, a Where, a sum and the like take from a constant or from a tensor of few values.
// Large values that a layer computes are none.
func Fills(n *network.Network, limit float64, known map[string]Known) ([]Fill, error) {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	w := &fillWalk{finder: &finder{Index: x, varies: make(map[string]bool), values: make(map[string]valueSet)}, limit: limit, found: make(map[string]put)}
	for t, k := range known {
		values := wider(k.Values)
		if k.All {
			w.values[t] = setOf(values)
		} else {
			w.found[t] = w.far(put{values: values, exact: true})
		}
	}
	w.findVaries()
	w.findValues()
	ends, sides, list := sinks.ByTensor(x), sinks.SidesOf(x), make([]Fill, len(n.Holders))
	for i, h := range n.Holders {
		f := Fill{Sink: ends[h.Tensor], Low: sides[h.Tensor].Low, High: sides[h.Tensor].High}
		if f.Sink != sinks.None {
			p := w.of(h.Tensor)
			if p.table && !p.exact && f.Sink != sinks.Zero {
				p = put{} // a bias may do so, and its channel is read as it is
			}
			f.Exact = p.exact
			for _, v := range p.values {
				f.Values = append(f.Values, float32(v))
			}
		}
		list[i] = f
	}
	return list, nil
}

func wider(values []float32) (list []float64) {
	for _, v := range values {
		list = append(list, float64(v))
	}
	return list
}

// put are the far values that something puts into a tensor.
type put struct {
	values []float64 // sorted, each once
	exact  bool
	table  bool // a constant of several numbers puts them in
}

// fillWalk goes up a graph from where values are looked for.
type fillWalk struct {
	*finder
	limit float64
	found map[string]put
}

// of finds what is put into a tensor.
func (w *fillWalk) of(t string) put {
	p, ok := w.found[t]
	if !ok {
		w.found[t] = put{} // a node is asked once
		p = w.find(t)
		w.found[t] = p
	}
	return p
}

func (w *fillWalk) find(t string) put {
	if c := w.Constant(t); c != nil {
		return w.constant(c)
	}
	if s := w.values[t]; s.isKnown() {
		return w.far(put{values: s.list, exact: true})
	}
	n := w.Producer(t)
	if n == nil || !ir.Standard(n) {
		return put{}
	}
	if w.Index.Moves(n) {
		return w.of(ir.Input(n, 0))
	}
	switch n.GetOpType() {
	case "Cast", "CastLike":
		return w.of(ir.Input(n, 0))
	case "Where":
		return w.join(w.of(ir.Input(n, 1)), w.of(ir.Input(n, 2)))
	case "Pad", "ScatterElements", "ScatterND":
		return w.join(w.of(ir.Input(n, 0)), w.of(ir.Input(n, 2)))
	case "Concat":
		return w.join(w.all(n.GetInput())...)
	case "Add", "Sum":
		p := w.join(w.all(n.GetInput())...)
		p.exact = false
		return p
	case "Sub":
		p := w.join(w.of(ir.Input(n, 0)), w.times(w.of(ir.Input(n, 1)), -1))
		p.exact = false
		return p
	case "Neg":
		return w.times(w.of(ir.Input(n, 0)), -1)
	case "Max", "Min", "Clip":
		return w.bounded(n)
	case "Mul":
		return w.join(w.scaled(n, 0), w.scaled(n, 1))
	case "Div":
		return w.scaled(n, 0)
	case "Log": // of zero; that of the least float32 is -103
		return w.far(put{values: []float64{negativeInfinity}, exact: true})
	case "LogSoftmax":
		p := w.of(ir.Input(n, 0))
		p.exact = false
		return p
	}
	return put{}
}

func (w *fillWalk) all(tensors []string) (list []put) {
	for _, t := range tensors {
		list = append(list, w.of(t))
	}
	return list
}

// bounded is what passes a bound: a constant bound alone puts nothing in, since what it stops has been computed.
func (w *fillWalk) bounded(n ir.Node) put {
	var list []put
	for _, t := range n.GetInput() {
		if w.Constant(t) == nil {
			list = append(list, w.of(t))
		}
	}
	if len(w.join(list...).values) == 0 {
		return put{}
	}
	return w.join(w.all(n.GetInput())...)
}

// scaled is what operand i of a product or quotient puts in: nothing if it is the constant, by which all values are
// multiplied.
func (w *fillWalk) scaled(n ir.Node, i int) put {
	p := w.of(ir.Input(n, i))
	if w.Constant(ir.Input(n, i)) != nil || len(p.values) == 0 {
		return put{}
	}
	p.exact = false
	c := w.Constant(ir.Input(n, 1-i))
	if c == nil {
		p.values = []float64{-2 * w.limit, 2 * w.limit}
		return p
	}
	factors, err := ir.Floats(c)
	if err != nil || len(factors) == 0 {
		return put{}
	}
	ends := wider([]float32{slices.Min(factors), slices.Max(factors)})
	if n.GetOpType() == "Div" {
		ends[0], ends[1] = 1/ends[0], 1/ends[1]
	}
	return w.join(w.times(p, ends[0]), w.times(p, ends[1]))
}
