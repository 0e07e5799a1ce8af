package unroll

import (
	"example.org/demote/internal/ir"
	"example.org/demote/internal/shapes"
)

// The cells are those of https://onnx.ai/onnx/operators/onnx__LSTM.html, onnx__GRU.html and onnx__RNN.html
// (Hochreiter and Schmidhuber, Long short-term memory, 1997, with the peepholes of Gers and Schmidhuber, 2000; Cho et
// al., Learning phrase representations using RNN encoder-decoder, 2014). X W' and its bias are computed for all steps
// at once. What a state of zeros is multiplied with is left out of the first step.

// way makes one direction: the hidden state of each step goes into hidden, the last cell of an LSTM is returned.
func (u *unroller) way(w *way, h, c string, hidden []string) (cell string, err error) {
	var step func(t int, h, c string) (string, string)
	switch u.r.op {
	case "LSTM":
		step = u.lstm(w)
	case "GRU":
		step = u.gru(w)
	default:
		step = u.rnn(w)
	}
	for i := range hidden {
		t := i
		if w.reverse {
			t = len(hidden) - 1 - i
		}
		h, c = step(t, h, c)
		hidden[t] = h
		if u.made+len(u.nodes) > maxUnrolled {
			return "", u.r.tooLong()
		}
	}
	return c, nil
}

// product multiplies a state with recurrent weights; that of a constant is one itself.
func (u *unroller) product(t int, role, h string, w ir.Tensor) string {
	state := u.fixed[h]
	if state == nil {
		return u.step(t, "MatMul", role, []string{h, w.GetName()})
	}
	a, _ := ir.Floats(state) // float32, checked when they were read or made here
	b, _ := ir.Floats(w)
	dims := []int64{state.GetDims()[0], state.GetDims()[1], w.GetDims()[1]}
	depth, columns := int(w.GetDims()[0]), int(w.GetDims()[1])
	out := make([]float32, 0, shapes.Elements(dims))
	for first := 0; first < len(a); first += depth {
		for column := range columns {
			sum := 0.0
			for i := range depth {
				sum += float64(a[first+i]) * float64(b[i*columns+column])
			}
			out = append(out, float32(sum))
		}
	}
	return u.constant(u.stem+"_"+role+"_initial", dims, out).GetName()
}

// plus adds up two tensors, of which either may be absent.
func (u *unroller) plus(t int, role, a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return u.step(t, "Add", role, []string{a, b})
}

// Gates of an LSTM in the order of its weights.
const (
	inputGate = iota
	outputGate
	forgetGate
	cellGate
)

// lstm returns what makes one step:
//
//	i, f, o = f(x W' + h R' + P . c + Wb + Rb), with c the new cell for o; with input_forget f = 1 - i
//	C = f . c + i . g(x Wc' + h Rc' + Wbc + Rbc)
//	H = o . h(C)
func (u *unroller) lstm(w *way) func(t int, h, c string) (string, string) {
	gates := []int{inputGate, outputGate, forgetGate, cellGate}
	if u.r.coupled {
		gates = []int{inputGate, outputGate, cellGate}
	}
	bias := w.bias(u.r.hidden, [][]float32{w.wb, w.rb}, gates...)
	xs := u.stepsOf(u.project(w, bias, gates...), "input")
	dims, values := w.r.columns(gates...)
	weights := u.constant(u.stem+"_R", dims, values)
	peephole := func(t int, gate int, role, c string) string {
		if w.peephole == nil || c == "" {
			return ""
		}
		at := int64(gate) * u.r.hidden
		p := u.vector([]string{"_P_i", "_P_o", "_P_f"}[gate], w.peephole[at:at+u.r.hidden])
		return u.step(t, "Mul", role+"_peephole", []string{c, p})
	}
	return func(t int, h, c string) (string, string) {
		s := xs[t]
		if h != "" {
			s = u.plus(t, "gates", s, u.product(t, "recurrent", h, weights))
		}
		var i, o, f, g string
		if w.peephole == nil {
			counts, roles := []int64{int64(len(gates) - 1), 1}, []string{"open_in", "cell_in"}
			parts := u.gates(t, u.clipped(t, "gates", s), counts, roles...)
			open := u.activate(t, "open", w.activations[0], parts[0])
			each := u.gates(t, open, []int64{1, 1, 1}[:len(gates)-1], "i", "o", "f")
			i, o, g = each[0], each[1], parts[1]
			if !u.r.coupled {
				f = each[2]
			}
		} else {
			parts := u.gates(t, s, []int64{1, 1, 1, 1}[:len(gates)], append([]string{"i_in", "o_in", "f_in", "cell_in"}[:len(gates)-1:len(gates)-1], "cell_in")...)
			gate := func(gate int, role, c string) string {
				x := u.plus(t, role+"_sum", parts[gate], peephole(t, gate, role, c))
				return u.activate(t, role, w.activations[0], u.clipped(t, role, x))
			}
			i, o, g = gate(inputGate, "i", c), parts[1], u.clipped(t, "cell", parts[len(parts)-1])
			if !u.r.coupled && c != "" {
				f = gate(forgetGate, "f", c)
			}
		}
		if c != "" {
			if u.r.coupled {
				f = u.step(t, "Sub", "f", []string{u.number(1), i})
			}
			c = u.step(t, "Mul", "kept", []string{f, c})
		}
		g = u.activate(t, "cell", w.activations[1], g)
		if c == "" {
			c = u.step(t, "Mul", "c", []string{i, g})
		} else {
			c = u.step(t, "Add", "c", []string{c, u.step(t, "Mul", "taken", []string{i, g})})
		}
		if w.peephole != nil {
			x := u.plus(t, "o_sum", o, peephole(t, outputGate, "o", c))
			o = u.activate(t, "o", w.activations[0], u.clipped(t, "o", x))
		}
		return u.step(t, "Mul", "h", []string{o, u.activate(t, "cell_out", w.activations[2], c)}), c
	}
}

// gru returns what makes one step:
//
//	z, r = f(x W' + h R' + Wb + Rb)
//	n = g(x Wh' + (r . h) Rh' + Rbh + Wbh), with linear_before_reset g(x Wh' + r . (h Rh' + Rbh) + Wbh)
//	H = (1 - z) . n + z . h
func (u *unroller) gru(w *way) func(t int, h, c string) (string, string) {
	hidden := u.r.hidden
	var bias []float32 // for the whole sequence; Rbh only where nothing is in between
	own := w.bias(hidden, [][]float32{w.rb}, 2)
	if all := w.bias(hidden, [][]float32{w.wb, w.rb}, 0, 1, 2); all != nil {
		bias = all
		if u.r.linear && own != nil {
			for i := range own {
				bias[2*hidden+int64(i)] = 0
			}
			if w.wb != nil {
				copy(bias[2*hidden:], w.wb[2*hidden:])
			}
		}
	}
	x := u.project(w, bias, 0, 1, 2)
	parts := u.split(x, 2, []int64{2 * hidden, hidden}, []string{"gates_in", "new_in"})
	gates, news := u.stepsOf(parts[0], "gates_in"), u.stepsOf(parts[1], "new_in")
	matrix := func(name string, of ...int) ir.Tensor {
		dims, values := w.r.columns(of...)
		return u.constant(u.stem+name, dims, values)
	}
	var all, open, last ir.Tensor
	if u.r.linear {
		all = matrix("_R", 0, 1, 2)
	} else {
		open, last = matrix("_R", 0, 1), matrix("_Rh", 2)
	}
	return func(t int, h, _ string) (string, string) {
		s, y := gates[t], "" // y: what the reset gate acts on, with linear_before_reset
		switch {
		case h != "" && u.r.linear:
			product := u.product(t, "recurrent", h, all)
			if own != nil {
				product = u.step(t, "Add", "recurrent_biased", []string{product, u.vector("_Rb", append(make([]float32, 2*hidden), own...))})
			}
			both := u.gates(t, product, []int64{2, 1}, "recurrent_gates", "recurrent_new")
			s, y = u.plus(t, "gates", s, both[0]), both[1]
		case h != "":
			s = u.plus(t, "gates", s, u.product(t, "recurrent", h, open))
		case u.r.linear && own != nil:
			y = u.vector("_Rbh", own)
		}
		each := u.gates(t, u.activate(t, "open", w.activations[0], u.clipped(t, "gates", s)), []int64{1, 1}, "z", "r")
		z, r, n := each[0], each[1], news[t]
		switch {
		case u.r.linear && y != "":
			n = u.plus(t, "new_sum", n, u.step(t, "Mul", "reset", []string{r, y}))
		case !u.r.linear && h != "":
			n = u.plus(t, "new_sum", n, u.step(t, "MatMul", "recurrent_new", []string{u.step(t, "Mul", "reset", []string{r, h}), last.GetName()}))
		}
		n = u.activate(t, "new", w.activations[1], u.clipped(t, "new", n))
		rest := u.step(t, "Sub", "rest", []string{u.number(1), z})
		if h == "" {
			return u.step(t, "Mul", "h", []string{rest, n}), ""
		}
		taken, kept := u.step(t, "Mul", "taken", []string{rest, n}), u.step(t, "Mul", "kept", []string{z, h})
		return u.step(t, "Add", "h", []string{taken, kept}), ""
	}
}

// rnn returns what makes one step: H = f(x W' + h R' + Wb + Rb).
func (u *unroller) rnn(w *way) func(t int, h, c string) (string, string) {
	xs := u.stepsOf(u.project(w, w.bias(u.r.hidden, [][]float32{w.wb, w.rb}, 0), 0), "input")
	dims, values := w.r.columns(0)
	weights := u.constant(u.stem+"_R", dims, values)
	return func(t int, h, _ string) (string, string) {
		s := xs[t]
		if h != "" {
			s = u.plus(t, "sum", s, u.product(t, "recurrent", h, weights))
		}
		return u.activate(t, "h", w.activations[0], u.clipped(t, "sum", s)), ""
	}
}
