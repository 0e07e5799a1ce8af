package onnx

import (
	"slices"

	"demote/onnx/onnxpb"
)

const (
	valueDepth = 1000    // nodes in a row that are computed for a constant operand
	valueBytes = 4 << 20 // that all of them may read, and make: such operands are axes, sizes and scales
)

// A computing tells what the nodes that a converter has passed make, as far as it hangs on constants alone.
type computing struct {
	makes  map[string]node // by tensor: nodes, which have their new form already
	folder folder
}

func newComputing() *computing {
	return &computing{makes: make(map[string]node), folder: folder{shapes: make(map[string][]int64), budget: foldBudget{made: valueBytes, read: valueBytes}}}
}

// enter forgets of the names that a graph gives anew what they meant in another one, and takes in its constants and shapes.
func (c *converter) enter(g graph) {
	shapes := c.computing.folder.shapes
	for _, n := range g.GetNode() {
		for _, out := range n.GetOutput() {
			delete(shapes, out)
		}
	}
	for _, list := range [][]*onnxpb.ValueInfoProto{g.GetInput(), g.GetValueInfo(), g.GetOutput()} {
		for _, v := range list {
			c.dims[v.GetName()] = valueOf(v).Dims
		}
	}
	for _, v := range g.GetInput() {
		c.forget(v.GetName())
		delete(shapes, v.GetName())
		c.computing.folder.know(v)
	}
	for _, v := range g.GetValueInfo() {
		c.computing.folder.know(v)
	}
	for _, t := range g.GetInitializer() {
		c.forget(t.GetName())
		c.constants[t.GetName()] = t
	}
}

func (c *converter) forget(name string) {
	delete(c.constants, name)
	delete(c.computing.makes, name)
}

// pass takes in nodes in their new form.
func (c *converter) pass(nodes ...node) {
	for _, n := range nodes {
		for _, out := range n.GetOutput() {
			c.computing.makes[out] = n
		}
	}
}

// value is the value of a tensor that hangs on constants alone; nil for any other.
func (c *converter) value(name string) tensor { return c.valueOf(name, valueDepth) }

func (c *converter) valueOf(name string, depth int) tensor {
	if t := c.constants[name]; t != nil {
		return t
	}
	n := c.computing.makes[name]
	if n == nil || depth == 0 || !standard(n) {
		return nil
	}
	rule, ok := foldRules[n.GetOpType()]
	if !ok || len(n.GetInput()) < rule.least || slices.Contains(n.GetInput()[:rule.least], "") {
		return nil
	}
	f := &c.computing.folder
	l := &call{node: n, folder: f, args: make([]tensor, len(n.GetInput()))}
	for i, in := range n.GetInput() {
		switch {
		case in == "":
		case rule.shape: // asks for dimensions alone
			l.args[i] = c.constants[in]
		default:
			if l.args[i] = c.valueOf(in, depth-1); l.args[i] == nil {
				return nil
			}
		}
	}
	if !rule.shape && !f.budget.mayRead(l.args) {
		return nil
	}
	results, err := rule.eval(l)
	i := slices.Index(n.GetOutput(), name)
	if err != nil || i >= len(results) { // what does not fit is told when constants are folded
		return nil
	}
	f.budget.book(l.args, results)
	c.constants[name] = results[i]
	return results[i]
}

// maker says in a message where a tensor that is not constant comes from.
func (c *converter) maker(name string) string {
	if n := c.computing.makes[name]; n != nil {
		return "computed by " + nodeName(n)
	}
	return "an input"
}
