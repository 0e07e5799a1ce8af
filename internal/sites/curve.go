package sites

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
)

// probes are the values at which functions are compared.
var probes = []float64{-20, -8, -6, -4, -3, -2.5, -2, -1.5, -1, -0.75, -0.5, -0.25, -0.1, 0, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 6, 8, 20}

// Bounds on what is followed: an activation of single operators has some ten nodes.
const (
	maxSteps  = 24 // nodes of one function
	maxCurves = 12 // functions of one tensor, the shortest
	maxLanes  = 8
)

// curve is a tensor as a function of one other, the root, computed element by element with constants alone: its
// values where the root's are the probes. Constants of several numbers, such as the slopes of channels, make several
// lanes, of the first, the last and some between.
type curve struct {
	root  string
	nodes []ir.Node
	lanes [][]float64
	// the root's axis that each axis is, where transposes on the way have left them in another order; nil: they have
	// not
	perm []int64
}

// lane returns the values of one lane; a curve with one lane is the same in all.
func (c curve) lane(i int) []float64 { return c.lanes[min(i, len(c.lanes)-1)] }

// curves are the known functions of the tensors of a graph.
type curves struct {
	*finder
	of map[string][]curve // without the tensor as a function of itself
}

// at returns the curves of a varying tensor, itself first.
func (c *curves) at(t string) []curve {
	return append([]curve{{root: t, lanes: [][]float64{probes}}}, c.of[t]...)
}

// follow notes the curves of a node's result, from the one with the fewest nodes on, and returns them.
func (c *curves) follow(n ir.Node) []curve {
	if ir.Standard(n) && n.GetOpType() == "Transpose" {
		return c.transposed(n)
	}
	step := stepOf(n)
	if step == nil || !ir.Standard(n) || len(n.GetOutput()) == 0 {
		return nil
	}
	operands, of := make([]curve, len(n.GetInput())), -1
	for i, t := range n.GetInput() {
		switch {
		case t == "":
		case c.varies[t]:
			of = i
		default:
			lanes := c.numbers(t)
			if lanes == nil {
				return nil
			}
			operands[i] = curve{lanes: lanes}
		}
	}
	if of < 0 {
		return nil
	}
	var found []curve
	for _, root := range c.at(n.GetInput()[of]) {
		if made, ok := c.apply(n, step, root.root, operands); ok {
			found = append(found, made)
		}
	}
	slices.SortStableFunc(found, func(a, b curve) int { return len(a.nodes) - len(b.nodes) })
	found = found[:min(len(found), maxCurves)]
	c.of[ir.Output(n, 0)] = found
	return found
}

// transposed notes the curves of a Transpose: exporters that lay out networks anew leave them inside activations, in
// pairs.
func (c *curves) transposed(n ir.Node) []curve {
	perm := ir.Attr(n, "perm").GetInts()
	if len(perm) == 0 || !c.varies[ir.Input(n, 0)] || len(n.GetOutput()) == 0 {
		return nil
	}
	var found []curve
	for _, was := range c.at(ir.Input(n, 0)) {
		made := curve{root: was.root, nodes: append(slices.Clone(was.nodes), n), lanes: was.lanes}
		straight := true
		for i, axis := range perm {
			if was.perm != nil {
				if axis < 0 || int(axis) >= len(was.perm) {
					return nil
				}
				axis = was.perm[axis]
			}
			made.perm = append(made.perm, axis)
			straight = straight && axis == int64(i)
		}
		if straight {
			made.perm = nil
		}
		if len(made.nodes) <= maxSteps {
			found = append(found, made)
		}
	}
	found = found[:min(len(found), maxCurves)]
	c.of[ir.Output(n, 0)] = found
	return found
}

// apply computes a node whose varying operands are functions of one root, in one order of axes.
func (c *curves) apply(n ir.Node, step stepFunc, root string, constants []curve) (curve, bool) {
	made := curve{root: root}
	operands, lanes, first := slices.Clone(constants), 1, true
	for i, t := range n.GetInput() {
		if t == "" {
			continue
		}
		if c.varies[t] {
			all := c.at(t)
			at := slices.IndexFunc(all, func(v curve) bool { return v.root == root })
			if at < 0 {
				return curve{}, false
			}
			if operands[i] = all[at]; !first && !slices.Equal(made.perm, all[at].perm) {
				return curve{}, false
			}
			made.perm, first = all[at].perm, false
			for _, nd := range all[at].nodes {
				if !slices.Contains(made.nodes, nd) {
					made.nodes = append(made.nodes, nd)
				}
			}
		}
		lanes = max(lanes, len(operands[i].lanes))
	}
	if made.nodes = append(made.nodes, n); len(made.nodes) > maxSteps {
		return curve{}, false
	}
	for lane := range lanes {
		values := make([]float64, len(probes))
		args := make([]float64, 0, len(operands))
		for p := range probes {
			args = args[:0]
			for _, o := range operands {
				switch {
				case o.lanes == nil: // absent
					args = append(args, math.NaN())
				case o.root == "":
					args = append(args, o.lane(lane)[0])
				default:
					args = append(args, o.lane(lane)[p])
				}
			}
			values[p] = step(args)
		}
		made.lanes = append(made.lanes, values)
	}
	return made, true
}

// numbers returns the lanes of a constant, also of one that is expanded to a shape of run time; nil where it is none.
func (c *curves) numbers(t string) [][]float64 {
	constant := c.Constant(t)
	for range maxSteps {
		n := c.Producer(t)
		if constant != nil || n == nil || !ir.Is(n, ir.Moving) || ir.Is(n, ir.Zeroing) || !c.Index.Moves(n) {
			break
		}
		t = ir.Input(n, 0)
		constant = c.Constant(t)
	}
	if constant == nil {
		return nil
	}
	raw, size, err := ir.RawBytes(constant)
	if err != nil || size == 0 || len(raw) == 0 {
		return nil
	}
	count := len(raw) / size
	if count == 1 {
		v, ok := number(ir.DType(constant.GetDataType()), raw[:size])
		if !ok {
			return nil
		}
		return [][]float64{{v}}
	}
	var lanes [][]float64
	for lane := range maxLanes {
		i := lane * (count - 1) / (maxLanes - 1)
		v, ok := number(ir.DType(constant.GetDataType()), raw[i*size:][:size])
		if !ok {
			return nil
		}
		lanes = append(lanes, []float64{v})
	}
	return lanes
}
