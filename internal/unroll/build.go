package unroll

import (
	"slices"
	"strconv"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/shapes"
	"example.org/demote/onnx/onnxpb"
)

// An unroller makes the single operators of recurrent nodes.
type unroller struct {
	names     *ir.Names
	constants []ir.Tensor
	ties      []network.Tied
	made      int // nodes so far, of all recurrences

	// Of the recurrence at hand:
	r       *recurrence
	nodes   []ir.Node
	stem    string               // of the names of a way
	tied    map[string]int       // place in ties, by name
	fixed   map[string]ir.Tensor // initial states that are constants
	numbers map[float32]string   // constants of one number
	vectors map[string]string    // constants of one row, by name
}

// open makes the operators of one recurrence, whose outputs keep their names.
func (u *unroller) open(r *recurrence) ([]ir.Node, error) {
	u.r, u.nodes, u.tied, u.fixed = r, nil, make(map[string]int), make(map[string]ir.Tensor)
	u.numbers, u.vectors = make(map[float32]string), make(map[string]string)
	if err := r.checkLengths(); err != nil {
		return nil, err
	}
	if r.steps*len(r.ways) > maxUnrolled {
		return nil, r.tooLong()
	}
	base := ir.Label(r.node)
	initial := [2][]string{u.initial(0, base), u.initial(1, base)}
	hidden, last := make([][]string, len(r.ways)), [2][]string{} // hidden by way and step, last states by way
	for i := range r.ways {
		w := &r.ways[i]
		u.stem = base + w.suffix
		h := make([]string, r.steps)
		cell, err := u.way(w, initial[0][i], initial[1][i], h)
		if err != nil {
			return nil, err
		}
		for _, t := range h {
			u.tie(base+"_h", t)
		}
		end := r.steps - 1
		if w.reverse {
			end = 0
		}
		hidden[i] = h
		last[0], last[1] = append(last[0], h[end]), append(last[1], cell)
	}
	u.stem = base
	u.whole(hidden)
	for i, list := range last[:1+btoi(r.op == "LSTM")] {
		u.last(i, list)
	}
	u.made += len(u.nodes)
	return u.nodes, nil
}

// whole makes the output of all steps, [steps, ways, batch, hidden] or with layout 1 [batch, steps, ways, hidden].
func (u *unroller) whole(hidden [][]string) {
	r := u.r
	y := ir.Output(r.node, 0)
	if y == "" {
		return
	}
	var all []string
	for t := range r.steps {
		for _, h := range hidden {
			all = append(all, h[t])
		}
	}
	x := all[0]
	if len(all) > 1 {
		x = u.add("Concat", "h", all, ir.IntAttr("axis", int64(r.time)))
		u.tie(u.stem+"_h", x)
	}
	if len(r.ways) == 1 {
		u.nodes = append(u.nodes, ir.NewNode("Unsqueeze", u.names.Fresh(y+"_Unsqueeze"), []string{x, u.ints(y+"_axis", int64(r.time+1))}, []string{y}))
		return
	}
	shape := []int64{int64(r.steps), int64(len(r.ways)), -1, r.hidden}
	if r.time == 1 {
		shape = []int64{-1, int64(r.steps), int64(len(r.ways)), r.hidden}
	}
	u.nodes = append(u.nodes, ir.NewNode("Reshape", u.names.Fresh(y+"_Reshape"), []string{x, u.ints(y+"_shape", shape...)}, []string{y}))
}

// last makes the output of the states behind the last step: of the hidden ones (0) or the cells (1).
func (u *unroller) last(i int, states []string) {
	y := ir.Output(u.r.node, 1+i)
	switch {
	case y == "":
	case len(states) == 1:
		u.nodes = append(u.nodes, ir.NewNode("Identity", u.names.Fresh(y+"_Identity"), states, []string{y}))
	default:
		u.nodes = append(u.nodes, ir.NewNode("Concat", u.names.Fresh(y+"_Concat"), states, []string{y}, ir.IntAttr("axis", int64(u.r.time))))
		if i == 0 {
			u.tie(u.stem+"_h", y)
		}
	}
}

// initial are the states before the first step, by way; "" where they are zeros.
func (u *unroller) initial(i int, base string) []string {
	s, ways := u.r.states[i], len(u.r.ways)
	name := base + []string{"_initial_h", "_initial_c"}[i]
	axis := int64(u.r.time)
	switch {
	case s.tensor == "":
		return make([]string, ways)
	case s.value != nil:
		values, _ := ir.Floats(s.value) // checked by checkState
		var all []string
		for way := range ways {
			dims := slices.Clone(s.value.GetDims())
			dims[axis] = 1
			own := values
			if ways > 1 {
				own = along(values, s.value.GetDims(), int(axis), way)
			}
			t := u.constant(name, dims, own)
			all = append(all, t.GetName())
			u.fixed[t.GetName()] = t
		}
		return all
	case ways == 1:
		return []string{s.tensor}
	}
	u.stem = base
	return u.split(s.tensor, axis, []int64{1, 1}, []string{name[len(base)+1:] + "_forward", name[len(base)+1:] + "_reverse"})
}

// along is the part of a tensor at one place of an axis.
func along(values []float32, dims []int64, axis, at int) []float32 {
	inner := int(shapes.Elements(dims[axis+1:]))
	size := int(dims[axis])
	var out []float32
	for first := at * inner; first < len(values); first += size * inner {
		out = append(out, values[first:first+inner]...)
	}
	return out
}

// project makes the product of the whole sequence with the input weights of some gates, plus a bias.
func (u *unroller) project(w *way, bias []float32, gates ...int) string {
	dims, values := w.w.columns(gates...)
	x := u.add("MatMul", "input", []string{ir.Input(u.r.node, 0), u.constant(u.stem+"_W", dims, values).GetName()})
	if bias == nil {
		return x
	}
	return u.add("Add", "input_biased", []string{x, u.constant(u.stem+"_B", []int64{int64(len(bias))}, bias).GetName()})
}

// stepsOf cuts a sequence into its steps.
func (u *unroller) stepsOf(x, role string) []string {
	if u.r.steps == 1 {
		return []string{x}
	}
	sizes, names := make([]int64, u.r.steps), make([]string, u.r.steps)
	for t := range sizes {
		sizes[t], names[t] = 1, role+"_"+strconv.Itoa(t)
	}
	return u.split(x, int64(u.r.time), sizes, names)
}

// split cuts a tensor along an axis. The sizes are said: another length than the one that was unrolled is an error at
// run time.
func (u *unroller) split(x string, axis int64, sizes []int64, names []string) []string {
	var outputs []string
	for _, name := range names {
		outputs = append(outputs, u.names.Fresh(u.stem+"_"+name))
	}
	u.nodes = append(u.nodes, ir.NewNode("Split", u.names.Fresh(outputs[0]+"_Split"), []string{x, u.ints(outputs[0]+"_sizes", sizes...)}, outputs, ir.IntAttr("axis", axis)))
	return outputs
}

// gates cuts what one step has of several gates into parts of that many gates each.
func (u *unroller) gates(t int, x string, counts []int64, roles ...string) []string {
	sizes, names := make([]int64, len(counts)), make([]string, len(counts))
	for i, n := range counts {
		sizes[i], names[i] = n*u.r.hidden, roles[i]+"_"+strconv.Itoa(t)
	}
	return u.split(x, 2, sizes, names)
}

// add makes a node of the way at hand and returns its output.
func (u *unroller) add(op, name string, inputs []string, attrs ...*onnxpb.AttributeProto) string {
	out := u.names.Fresh(u.stem + "_" + name)
	u.nodes = append(u.nodes, ir.NewNode(op, u.names.Fresh(out+"_"+op), inputs, []string{out}, attrs...))
	return out
}

// step makes a node of one step, whose output goes together with those of the same role at other steps.
func (u *unroller) step(t int, op, role string, inputs []string, attrs ...*onnxpb.AttributeProto) string {
	out := u.add(op, role+"_"+strconv.Itoa(t), inputs, attrs...)
	if role != "h" { // of both ways together, see open
		u.tie(u.stem+"_"+role, out)
	}
	return out
}

// tie adds a tensor to those that go together under a name.
func (u *unroller) tie(name, tensor string) {
	at, ok := u.tied[name]
	if !ok {
		at = len(u.ties)
		u.tied[name] = at
		u.ties = append(u.ties, network.Tied{Name: name})
	}
	u.ties[at].Tensors = append(u.ties[at].Tensors, tensor)
}

func (u *unroller) constant(name string, dims []int64, values []float32) ir.Tensor {
	t := ir.TakeFloats(u.names.Fresh(name), dims, values)
	u.constants = append(u.constants, t)
	return t
}

func (u *unroller) ints(name string, values ...int64) string {
	t := ir.NewInts(u.names.Fresh(name), ir.Int64, []int64{int64(len(values))}, values)
	u.constants = append(u.constants, t)
	return t.GetName()
}

// number is a constant of one number, made once for each recurrence.
func (u *unroller) number(v float32) string {
	name, ok := u.numbers[v]
	if !ok {
		name = u.constant(u.stem+"_number", nil, []float32{v}).GetName()
		u.numbers[v] = name
	}
	return name
}

// vector is a constant row, made once for each way.
func (u *unroller) vector(suffix string, values []float32) string {
	name, ok := u.vectors[u.stem+suffix]
	if !ok {
		name = u.constant(u.stem+suffix, []int64{int64(len(values))}, slices.Clone(values)).GetName()
		u.vectors[u.stem+suffix] = name
	}
	return name
}
