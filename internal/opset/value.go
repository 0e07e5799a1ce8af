package opset

import (
	"slices"

	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

const (
	valueDepth = 1000    // nodes in a row that are computed for a constant operand
	valueBytes = 4 << 20 // that all of them may read, and make: such operands are axes, sizes and scales
)

// A computing has the values of the nodes that a converter has passed, as far as it depends on constants alone.
type computing struct {
	makes  map[string]ir.Node // by tensor: nodes, which have their new form already
	folder fold.Folder
}

func newComputing() *computing {
	return &computing{makes: make(map[string]ir.Node), folder: fold.Folder{Shapes: make(map[string][]int64), Budget: fold.Budget{Made: valueBytes, Read: valueBytes}}}
}

// enter forgets of the names that a graph gives anew what they meant in another one, and takes in its constants and
// shapes.
func (c *converter) enter(g ir.Graph) {
	shapes := c.computing.folder.Shapes
	for _, n := range g.GetNode() {
		for _, out := range n.GetOutput() {
			delete(shapes, out)
		}
	}
	for _, list := range [][]*onnxpb.ValueInfoProto{g.GetInput(), g.GetValueInfo(), g.GetOutput()} {
		for _, v := range list {
			c.dims[v.GetName()] = ir.ValueOf(v).Dims
		}
	}
	for _, v := range g.GetInput() {
		c.forget(v.GetName())
		delete(shapes, v.GetName())
		c.computing.folder.Know(v)
	}
	for _, v := range g.GetValueInfo() {
		c.computing.folder.Know(v)
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
func (c *converter) pass(nodes ...ir.Node) {
	for _, n := range nodes {
		for _, out := range n.GetOutput() {
			c.computing.makes[out] = n
		}
	}
}

// value is the value of a tensor that depends on constants alone; nil for any other.
func (c *converter) value(name string) ir.Tensor { return c.valueOf(name, valueDepth) }

func (c *converter) valueOf(name string, depth int) ir.Tensor {
	if t := c.constants[name]; t != nil {
		return t
	}
	n := c.computing.makes[name]
	if n == nil || depth == 0 || !ir.Standard(n) {
		return nil
	}
	rule, ok := fold.Rules[n.GetOpType()]
	if !ok || len(n.GetInput()) < rule.Least || slices.Contains(n.GetInput()[:rule.Least], "") {
		return nil
	}
	f := &c.computing.folder
	l := &fold.Call{Node: n, Folder: f, Args: make([]ir.Tensor, len(n.GetInput()))}
	for i, in := range n.GetInput() {
		switch {
		case in == "":
		case rule.Shape: // asks for dimensions alone
			l.Args[i] = c.constants[in]
		default:
			if l.Args[i] = c.valueOf(in, depth-1); l.Args[i] == nil {
				return nil
			}
		}
	}
	if !rule.Shape && !f.Budget.MayRead(l.Args) {
		return nil
	}
	results, err := rule.Eval(l)
	i := slices.Index(n.GetOutput(), name)
	if err != nil || i >= len(results) { // folding reports what does not fit
		return nil
	}
	f.Budget.Spend(l.Args, results)
	c.constants[name] = results[i]
	return results[i]
}

// maker says in a message where a tensor that is not constant comes from.
func (c *converter) maker(name string) string {
	if n := c.computing.makes[name]; n != nil {
		return "computed by " + ir.NodeName(n)
	}
	return "an input"
}

// rankDepth is the number of nodes in a row that are looked through for a rank.
const rankDepth = 1000
