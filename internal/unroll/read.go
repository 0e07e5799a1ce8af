package unroll

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
)

// A recurrence is what an LSTM, GRU or RNN node says: https://onnx.ai/onnx/operators/onnx__LSTM.html and its
// siblings.
type recurrence struct {
	node    ir.Node
	op      string
	steps   int // 0: not known yet
	time    int // the axis of the steps of what it reads: 0, or 1 with layout 1
	hidden  int64
	ways    []way
	clip    float32   // bound of what goes into activations; 0: none
	coupled bool      // input_forget: the forget gate is what the input gate leaves
	linear  bool      // linear_before_reset
	lengths ir.Tensor // of single sequences; nil: all have all steps
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
	value  ir.Tensor // the same as a constant
}

// gatesOf is the number of gates by operator, and their order: input, output, forget, cell; update, reset, hidden;
// hidden.
var gatesOf = map[string]int64{"LSTM": 4, "GRU": 3, "RNN": 1}

// readRecurrence reads a node. The error says what of it cannot be opened.
func readRecurrence(x *ir.Index, n ir.Node) (*recurrence, error) {
	r := &recurrence{node: n, op: n.GetOpType(), clip: ir.AttrFloat(n, "clip", 0),
		coupled: ir.AttrInt(n, "input_forget", 0) != 0, linear: ir.AttrInt(n, "linear_before_reset", 0) != 0}
	if !(r.clip >= 0) {
		return nil, mistake.Errorf("clip %g is not a bound", r.clip)
	}
	switch layout := ir.AttrInt(n, "layout", 0); layout {
	case 0, 1:
		r.time = int(layout)
	default:
		return nil, mistake.Errorf("layout %d is not known", layout)
	}
	switch direction := ir.AttrString(n, "direction", "forward"); direction {
	case "forward":
		r.ways = []way{{}}
	case "reverse":
		r.ways = []way{{reverse: true}}
	case "bidirectional":
		r.ways = []way{{suffix: "_forward"}, {suffix: "_reverse", reverse: true}}
	default:
		return nil, mistake.Errorf("direction %q is not known", direction)
	}
	if err := recurrentWeights(x, r); err != nil {
		return nil, err
	}
	if err := r.readActivations(); err != nil {
		return nil, err
	}
	if t := ir.Input(n, 4); t != "" {
		if r.lengths = x.Constant(t); r.lengths == nil {
			return nil, mistake.Errorf("its sequence_lens, %q, are computed, so that samples may be of different lengths: leave --unroll out, or export the network without them", t)
		}
	}
	for i, at := range []int{5, 6}[:1+btoi(r.op == "LSTM")] {
		if t := ir.Input(n, at); t != "" && !zeros(x, t, make(map[string]bool)) {
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
	list, err := ir.Ints(r.lengths)
	if err != nil {
		return err
	}
	for _, v := range list {
		if v != int64(r.steps) {
			return mistake.Errorf("its sequence_lens has a sequence of %d of %d steps: leave --unroll out, or export the network without it", v, r.steps)
		}
	}
	return nil
}

// checkState refuses a constant state of other dimensions than a state has.
func (r *recurrence) checkState(t ir.Tensor) error {
	if t == nil {
		return nil
	}
	d := t.GetDims()
	if ir.DType(t.GetDataType()) != ir.Float || len(d) != 3 || d[2] != r.hidden || d[r.time] != int64(len(r.ways)) {
		return mistake.Errorf("its initial state has the dimensions %v", d)
	}
	return nil
}

// zeros reports whether a tensor holds zeros alone, whatever its size: a constant, or made of zeros by moving them.
// known is what has been found out.
func zeros(x *ir.Index, t string, known map[string]bool) bool {
	if all, ok := known[t]; ok {
		return all
	}
	known[t] = false
	known[t] = madeOfZeros(x, t, known)
	return known[t]
}

func madeOfZeros(x *ir.Index, t string, known map[string]bool) bool {
	if c := x.Constant(t); c != nil {
		return ir.IsZero(c)
	}
	n := x.Producer(t)
	if n == nil || !ir.Standard(n) {
		return false
	}
	switch n.GetOpType() {
	case "ConstantOfShape":
		value := ir.Attr(n, "value").GetT()
		return value == nil || ir.IsZero(value)
	case "Concat":
		return !slices.ContainsFunc(n.GetInput(), func(in string) bool { return !zeros(x, in, known) })
	case "Cast", "CastLike":
		return zeros(x, ir.Input(n, 0), known)
	}
	return x.Moves(n) && ir.Output(n, 0) == t && zeros(x, ir.Input(n, 0), known)
}
