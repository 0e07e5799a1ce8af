package unroll

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/shapes"
	"example.org/demote/mistake"
)

// maxUnrolled is the most nodes that recurrent operators become. Sessions take longer to make than nodes are more,
// and there are many of them in a search: with 2,200 nodes (an LSTM over 200 steps) a whole search took a minute,
// with 10,000 (two GRUs both ways over 194 steps) the set-up alone, and the check of the written file more than
// three.
const maxUnrolled = 4000

// Together iterates over the groups of holders that have one bit-width and one grid, by the names of Tied: their
// indices in ascending order, for groups of two or more.
func Together(n *network.Network) iter.Seq2[string, []int] {
	return func(yield func(string, []int) bool) {
		holders := n.ByTensor()
		for _, t := range n.Tied {
			var list []int
			for _, name := range t.Tensors {
				if h, ok := holders[name]; ok {
					list = append(list, h)
				}
			}
			if list = ir.Sorted(list); len(list) > 1 && !yield(t.Name, list) {
				return
			}
		}
	}
}

// Open unrolls the recurrent operators of the main graph. The constants and branches of the model must be folded. It
// fixes the axes of inputs on which the length of a sequence depends. Errors match mistake.Err and name the operator
// and the reason.
func Open(n *network.Network, u *network.Unroll) error {
	if u == nil {
		return nil
	}
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return err
	}
	var found []ir.Node
	for _, nd := range x.Nodes() {
		if shapes.IsRecurrent(nd) {
			found = append(found, nd)
		}
	}
	if len(found) == 0 {
		return nothingToUnroll(n.Model.Graph())
	}
	var list []*recurrence
	for _, nd := range found {
		r, err := readRecurrence(x, nd)
		if err != nil {
			return mistake.Errorf("--unroll: %s: %w", ir.NodeName(nd), err)
		}
		list = append(list, r)
	}
	if n.FixedAxes, err = lengths(u, n.Model, x, list); err != nil {
		return err
	}
	g := n.Model.Graph()
	b := &unroller{names: ir.NewNames(g)}
	opened := make(map[ir.Node][]ir.Node)
	for _, r := range list {
		first := len(b.constants)
		nodes, err := b.open(r)
		if err != nil {
			return mistake.Errorf("--unroll: %s: %w", ir.NodeName(r.node), err)
		}
		opened[r.node] = nodes
		g.Initializer = append(g.Initializer, b.constants[first:]...)
		n.Unrolled = append(n.Unrolled, network.Unrolled{Node: ir.Label(r.node), Op: r.op, Steps: r.steps, Nodes: len(nodes)})
	}
	n.Tied = append(n.Tied, b.ties...)
	var all []ir.Node
	for _, nd := range g.Node {
		if nodes, ok := opened[nd]; ok {
			all = append(all, nodes...)
		} else {
			all = append(all, nd)
		}
	}
	g.Node = all
	n.Model.Prune() // the old weights, and what nothing reads of the states
	return nil
}

// nothingToUnroll says that a network has no recurrent operator, or where it has them.
func nothingToUnroll(g ir.Graph) error {
	var inside []string
	var walk func(g ir.Graph, owner string)
	walk = func(g ir.Graph, owner string) {
		for _, n := range g.GetNode() {
			if shapes.IsRecurrent(n) && owner != "" {
				inside = append(inside, ir.NodeName(n)+" in "+owner)
			}
			for _, body := range ir.Subgraphs(n) {
				walk(body, ir.NodeName(n))
			}
		}
	}
	walk(g, "")
	if len(inside) > 0 {
		return mistake.Errorf("--unroll: the bodies of If, Loop and Scan stay as they are, and all LSTM, GRU and RNN nodes are in them (%s): leave --unroll out", inside[0])
	}
	return mistake.Errorf("--unroll: the network has no LSTM, GRU or RNN: leave it out")
}

// maxLength is the size from which a dimension is no sequence that anybody could unroll.
const maxLength = 1 << 20

// freeSize replaces a free size while others are computed from it: a prime, so that what
// depends on it is seen to be far too large for a length.
const freeSize = 1<<31 - 1

// lengths finds how many steps the sequences have: as the file says, as follows from that by rules, or by measuring.
// What was measured depends on the sizes of the inputs, which are fixed then; it returns those inputs.
func lengths(u *network.Unroll, m *ir.Model, x *ir.Index, list []*recurrence) (fixed []ir.Value, err error) {
	unknown := func(dims map[string][]int64) *recurrence {
		for _, r := range list {
			if !r.setSteps(dims[ir.Input(r.node, 0)]) && r.steps == 0 {
				return r
			}
		}
		return nil
	}
	open := unknown(declaredSizes(m, x, list))
	if open == nil {
		return nil, nil
	}
	var measured map[string][]int64
	for _, alone := range []bool{false, true} { // where samples are the steps, each is a sequence of one
		if u.Measure == nil || open == nil {
			break
		}
		if measured, err = u.Measure(m, alone); err != nil {
			return nil, err
		}
		open = unknown(measured)
	}
	if open != nil {
		return nil, mistake.Errorf("--unroll: %s: the length of its sequence is not known: fix that axis in the file, or give samples of one length with --calib", ir.NodeName(open.node))
	}
	for _, v := range m.Graph().GetInput() {
		if dims, ok := measured[v.GetName()]; ok && !slices.Equal(dims, ir.ValueOf(v).Dims) {
			ir.SetShape(v, dims)
			fixed = append(fixed, ir.ValueOf(v))
		}
	}
	return fixed, nil
}

// declaredSizes are the dimensions that the file declares or that follow by simple rules; from maxLength on they are
// not known.
func declaredSizes(m *ir.Model, x *ir.Index, list []*recurrence) map[string][]int64 {
	s := &shapes.Sizes{Dims: make(map[string][]int64)}
	for _, v := range m.Values() {
		free := 0
		d := slices.Clone(v.Dims)
		for i := range d {
			if d[i] < 0 {
				d[i] = freeSize
				free++
			}
		}
		if v.Dims != nil && free < 2 {
			s.Dims[v.Name] = d
		}
	}
	for _, t := range m.Graph().GetInitializer() {
		s.Dims[t.GetName()] = t.GetDims()
	}
	boxed := make(map[ir.Node]*recurrence)
	for _, r := range list {
		boxed[r.node] = r
	}
	for _, n := range x.Nodes() {
		r := boxed[n]
		if r == nil {
			s.Infer(n, x.Constant)
			continue
		}
		d, ok := s.Of(ir.Input(n, 0))
		if !ok || len(d) != 3 {
			continue
		}
		batch, count := d[1-r.time], int64(len(r.ways))
		outputs := [][]int64{{d[0], count, d[1], r.hidden}, {count, batch, r.hidden}, {count, batch, r.hidden}}
		if r.time == 1 {
			outputs = [][]int64{{batch, d[1], count, r.hidden}, {batch, count, r.hidden}, {batch, count, r.hidden}}
		}
		for i, t := range n.GetOutput() {
			if t != "" && i < len(outputs) {
				s.Dims[t] = outputs[i]
			}
		}
	}
	return s.Dims
}

// setSteps takes the length of a sequence over from the dimensions of what the node reads, if they tell it.
func (r *recurrence) setSteps(dims []int64) bool {
	if len(dims) != 3 || dims[r.time] <= 0 || dims[r.time] >= maxLength {
		return false
	}
	r.steps = int(dims[r.time])
	return true
}

// tooLong refuses more nodes than a network may become.
func (r *recurrence) tooLong() error {
	return mistake.Errorf("its %d steps become more nodes than %d in all: leave --unroll out, or export the network for shorter sequences", r.steps, maxUnrolled)
}

// Text describes the unrolled operators of a network in a line; "" if there are none.
func Text(n *network.Network) string {
	var parts []string
	for _, u := range n.Unrolled {
		parts = append(parts, fmt.Sprintf("%s %s (steps: %d, nodes: %d)", u.Op, u.Node, u.Steps, u.Nodes))
	}
	if parts == nil {
		return ""
	}
	const most = 3
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most], fmt.Sprintf("%d more", more))
	}
	return "unrolled: " + strings.Join(parts, "; ")
}

// FixAxes sets the dimensions of the named inputs of the model.
func FixAxes(m *ir.Model, inputs []ir.Value) {
	for _, v := range m.Graph().GetInput() {
		if at := slices.IndexFunc(inputs, func(in ir.Value) bool { return in.Name == v.GetName() }); at >= 0 {
			ir.SetShape(v, inputs[at].Dims)
		}
	}
}
