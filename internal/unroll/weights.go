package unroll

import (
	"slices"
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
)

// gateWeights are the weights of all gates, one behind the other: a row of width numbers for each of hidden outputs.
type gateWeights struct {
	values        []float32
	hidden, width int64
}

// columns are the weights of some gates as the right operand of a MatMul, [width, gates * hidden].
func (w gateWeights) columns(gates ...int) (dims []int64, values []float32) {
	n := int64(len(gates)) * w.hidden
	values = make([]float32, w.width*n)
	for k, gate := range gates {
		for row := range w.hidden {
			from := w.values[(int64(gate)*w.hidden+row)*w.width:][:w.width]
			for i, v := range from {
				values[int64(i)*n+int64(k)*w.hidden+row] = v
			}
		}
	}
	return []int64{w.width, n}, values
}

// recurrentWeights reads W, R, B and P and sees that their dimensions go together.
func recurrentWeights(x *ir.Index, r *recurrence) error {
	gates, ways := gatesOf[r.op], int64(len(r.ways))
	read := func(i int, name string, want ...int64) ([]float32, []int64, error) {
		t := x.Constant(ir.Input(r.node, i))
		if t == nil {
			return nil, nil, mistake.Errorf("its input %s, %q, is not constant: leave --unroll out, or export the network with its weights", name, ir.Input(r.node, i))
		}
		if ir.DType(t.GetDataType()) != ir.Float {
			return nil, nil, mistake.Errorf("its input %s is of type %s, not float32", name, strings.ToLower(ir.DType(t.GetDataType()).String()))
		}
		dims := t.GetDims()
		ok := len(dims) == len(want)
		for i := range want {
			ok = ok && (dims[i] == want[i] || want[i] < 0 && dims[i] > 0)
		}
		if !ok {
			return nil, nil, mistake.Errorf("its input %s has the dimensions %v", name, dims)
		}
		values, err := ir.Floats(t)
		return values, dims, err
	}
	rows, dims, err := read(2, "R", ways, -1, -1)
	if err != nil {
		return err
	}
	r.hidden = dims[2]
	if dims[1] != gates*r.hidden || ir.AttrInt(r.node, "hidden_size", r.hidden) != r.hidden {
		return mistake.Errorf("its input R has the dimensions %v", dims)
	}
	columns, dims, err := read(1, "W", ways, gates*r.hidden, -1)
	if err != nil {
		return err
	}
	var biases, peepholes []float32
	if ir.Input(r.node, 3) != "" {
		if biases, _, err = read(3, "B", ways, 2*gates*r.hidden); err != nil {
			return err
		}
	}
	if r.op == "LSTM" && ir.Input(r.node, 7) != "" {
		if peepholes, _, err = read(7, "P", ways, 3*r.hidden); err != nil {
			return err
		}
		if !slices.ContainsFunc(peepholes, func(v float32) bool { return v != 0 }) {
			peepholes = nil
		}
	}
	share := func(values []float32, way int) []float32 {
		n := len(values) / int(ways)
		return values[way*n : (way+1)*n]
	}
	for i := range r.ways {
		w := &r.ways[i]
		w.w = gateWeights{share(columns, i), r.hidden, dims[2]}
		w.r = gateWeights{share(rows, i), r.hidden, r.hidden}
		if biases != nil {
			both := share(biases, i)
			w.wb, w.rb = both[:len(both)/2], both[len(both)/2:]
		}
		if peepholes != nil {
			w.peephole = share(peepholes, i)
		}
	}
	return nil
}

// bias adds up the biases of some gates; nil if all are zero.
func (w *way) bias(hidden int64, of [][]float32, gates ...int) []float32 {
	sum := make([]float32, int64(len(gates))*hidden)
	any := false
	for _, list := range of {
		for k, gate := range gates {
			for i := range hidden {
				if list == nil {
					continue
				}
				v := list[int64(gate)*hidden+i]
				sum[int64(k)*hidden+i] += v
				any = any || v != 0
			}
		}
	}
	if !any {
		return nil
	}
	return sum
}
