package onnx

import "slices"

// A recurrence is what an LSTM, GRU or RNN node says: https://onnx.ai/onnx/operators/onnx__LSTM.html and its siblings.
type recurrence struct {
	node    node
	op      string
	steps   int // 0: not known yet
	time    int // the axis of the steps of what it reads: 0, or 1 with layout 1
	hidden  int64
	ways    []way
	clip    float32 // bound of what goes into activations; 0: none
	coupled bool    // input_forget: the forget gate is what the input gate leaves
	linear  bool    // linear_before_reset
	lengths tensor  // of single sequences; nil: all have all steps
	states  [2]state
}

// A way is a recurrence in one direction.
type way struct {
	reverse     bool
	suffix      string // of names, where there are two ways
	w, r        gateWeights
	wb, rb      []float32 // biases, by gate; nil: none
	peephole    []float32 // of input, output and forget gate; nil: none
	activations []activation
}

// A state is an initial state: zeros, where both are absent.
type state struct {
	tensor string
	value  tensor // the same as a constant
}

// gatesOf is the number of gates by operator, and their order: input, output, forget, cell; update, reset, hidden; hidden.
var gatesOf = map[string]int64{"LSTM": 4, "GRU": 3, "RNN": 1}

// recurrence reads a node. The error says what of it cannot be opened.
func (x *Index) recurrence(n node) (*recurrence, error) {
	r := &recurrence{node: n, op: n.GetOpType(), clip: attrFloat(n, "clip", 0),
		coupled: attrInt(n, "input_forget", 0) != 0, linear: attrInt(n, "linear_before_reset", 0) != 0}
	if !(r.clip >= 0) {
		return nil, badf("clip %g is not a bound", r.clip)
	}
	switch layout := attrInt(n, "layout", 0); layout {
	case 0, 1:
		r.time = int(layout)
	default:
		return nil, badf("layout %d is not known", layout)
	}
	switch direction := attrString(n, "direction", "forward"); direction {
	case "forward":
		r.ways = []way{{}}
	case "reverse":
		r.ways = []way{{reverse: true}}
	case "bidirectional":
		r.ways = []way{{suffix: "_forward"}, {suffix: "_reverse", reverse: true}}
	default:
		return nil, badf("direction %q is not known", direction)
	}
	if err := x.recurrentWeights(r); err != nil {
		return nil, err
	}
	if err := r.readActivations(); err != nil {
		return nil, err
	}
	if t := input(n, 4); t != "" {
		if r.lengths = x.Constant(t); r.lengths == nil {
			return nil, badf("its sequence_lens, %q, are computed, so that samples may be of different lengths: leave --unroll out, or export the network without them", t)
		}
	}
	for i, at := range []int{5, 6}[:1+btoi(r.op == "LSTM")] {
		if t := input(n, at); t != "" && !x.zeros(t, make(map[string]bool)) {
			r.states[i] = state{t, x.Constant(t)}
			if err := r.checkState(r.states[i].value); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// checkLengths refuses sequences that end before the last step.
func (r *recurrence) checkLengths() error {
	if r.lengths == nil {
		return nil
	}
	list, err := Ints(r.lengths)
	if err != nil {
		return err
	}
	for _, v := range list {
		if v != int64(r.steps) {
			return badf("its sequence_lens has a sequence of %d of %d steps: leave --unroll out, or export the network without it", v, r.steps)
		}
	}
	return nil
}

// checkState refuses a constant state of other dimensions than a state has.
func (r *recurrence) checkState(t tensor) error {
	if t == nil {
		return nil
	}
	d := t.GetDims()
	if DType(t.GetDataType()) != Float || len(d) != 3 || d[2] != r.hidden || d[r.time] != int64(len(r.ways)) {
		return badf("its initial state has the dimensions %v", d)
	}
	return nil
}

// zeros tells whether a tensor holds zeros alone, whatever its size: a constant, or made of zeros by moving them. known is what has
// been found out.
func (x *Index) zeros(t string, known map[string]bool) bool {
	if all, ok := known[t]; ok {
		return all
	}
	known[t] = false
	known[t] = x.madeOfZeros(t, known)
	return known[t]
}

func (x *Index) madeOfZeros(t string, known map[string]bool) bool {
	if c := x.Constant(t); c != nil {
		return isZero(c)
	}
	n := x.Producer(t)
	if n == nil || !standard(n) {
		return false
	}
	switch n.GetOpType() {
	case "ConstantOfShape":
		value := attr(n, "value").GetT()
		return value == nil || isZero(value)
	case "Concat":
		return !slices.ContainsFunc(n.GetInput(), func(in string) bool { return !x.zeros(in, known) })
	case "Cast", "CastLike":
		return x.zeros(input(n, 0), known)
	}
	return x.moves(n) && output(n, 0) == t && x.zeros(input(n, 0), known)
}
