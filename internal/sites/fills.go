package sites

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/sinks"
)

// A Fill describes the fill values of a holder's tensor: large constants that a mask or a padding puts there, such as
// -10000 in front of a Softmax. A calibrated range may leave them out if the nodes behind the tensor absorb them.
type Fill struct {
	Sink      sinks.Sink
	Low, High bool      // the readers of the tensor absorb values far below, far above all others
	Values    []float32 // fill values from constants and from tensors of few values, sorted; empty: there are none
	Exact     bool      // the tensor has exactly these values; else other values were added to them or multiplied them
}

// Known are values of a tensor that were seen in data: all its values, or only its fill values.
type Known struct {
	Values []float32
	All    bool
}

// FindFills finds the fill values of every holder's tensor, in the order of n.Holders, from the graph and from values
// that were seen in data (known, by tensor name; may be nil). A fill value has at least the magnitude limit. A Pad, a
// Where, a sum or the like takes it from a constant, or from a tensor of few values. Large values that a layer computes
// are not fill values. An error is one of the graph, such as a cycle.
func FindFills(n *network.Network, limit float64, known map[string]Known) ([]Fill, error) {
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
				p = put{} // a bias may have such values, and its channel needs them
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

// put are the fill values that a node puts into a tensor.
type put struct {
	values []float64 // sorted, each once
	exact  bool
	table  bool // they come from a constant with several elements
}

// fillWalk searches a graph upwards from a tensor, for fill values.
type fillWalk struct {
	*finder
	limit float64
	found map[string]put
}

// of finds the fill values of a tensor.
func (w *fillWalk) of(t string) put {
	p, ok := w.found[t]
	if !ok {
		w.found[t] = put{} // each tensor is searched once
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

// bounded returns the fill values behind a Max, Min or Clip. A constant bound alone is not a fill value: the values
// that it replaces were computed.
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

// scaled returns the fill values that come from operand i of a product or quotient: none if operand i is a constant, by
// which all values are multiplied.
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
