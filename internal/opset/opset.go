package opset

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/shapes"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// Convert converts the model's graph to operator set version Opset and IR version IR. The model's own functions keep
// their versions.
func Convert(m *ir.Model) error {
	if err := convert(m.Graph(), m.OpsetOf(""), ir.Opset); err != nil {
		return err
	}
	m.Proto.OpsetImport = ir.SetOpset(m.Proto.OpsetImport, "", ir.Opset)
	m.Proto.IrVersion = new(int64(ir.IR))
	return nil
}

// functionSet brought operators that are put down as what they are defined by.
const functionSet = 23

// change is what becomes of a node at a version of its operator. A nil rule means that every use of the operator that
// the older (for up) or the newer version (for down) allows means the same in the other: only element types were
// added, or attributes whose default is the old behaviour.
type change struct {
	up, down rule
}

// rule rewrites a node of the graph that c converts, or says why it cannot.
type rule func(c *converter, n ir.Node) error

// history holds the changes of an operator by the operator set that brought them.
type history map[int64]change

// convert rewrites the nodes of a graph and its subgraphs from one operator set of the standard domain to another.
// The error names a node whose operator is not in the table, or whose use has no counterpart.
func convert(g ir.Graph, from, to int64) error {
	for _, c := range converters(ir.NewNames(g), from, to) {
		c.used = usedNames(g)
		if err := c.graph(g); err != nil {
			return err
		}
	}
	return nil
}

// converters are what leads from one operator set to another, in order: networks from before the oldest set that the
// table operators begins with are raised to it first.
func converters(names *ir.Names, from, to int64) (list []*converter) {
	add := func(table map[string]history, from, to int64) {
		if from != to {
			list = append(list, &converter{names: names, table: table, from: from, to: to, constants: make(map[string]ir.Tensor), computing: newComputing(), dims: make(map[string][]int64)})
		}
	}
	if from < oldest {
		add(olderOperators, from, oldest)
		from = oldest
	}
	add(operators, from, to)
	return list
}

// converter rewrites one graph after the other.
type converter struct {
	names     *ir.Names
	table     map[string]history
	from, to  int64
	used      map[string]bool      // names that some node reads, or the graph gives
	ranks     []*shapes.Ranks      // of the graphs around the node, the innermost first; only below oldest
	types     *ir.Typer            // the same of element types; also above functionSet
	dims      map[string][]int64   // declared, -1 where a size is free
	constants map[string]ir.Tensor // of the graphs around the node, by name
	computing *computing
	before    []ir.Node // new nodes in front of the one that is converted
}

func (c *converter) graph(g ir.Graph) error {
	c.enter(g)
	if c.from >= functionSet && c.to < functionSet {
		c.types = &ir.Typer{Declared: make(map[string]ir.DType), Own: make(map[string]ir.DType), Outer: c.types}
		c.types.Graph(g)
		defer func() { c.types = c.types.Outer }()
	}
	if c.to == oldest {
		c.ranks = append([]*shapes.Ranks{shapes.NewRanks(g)}, c.ranks...)
		c.types = &ir.Typer{Declared: make(map[string]ir.DType), Own: make(map[string]ir.DType), Outer: c.types}
		c.types.Graph(g)
		defer func() { c.ranks, c.types = c.ranks[1:], c.types.Outer }()
	}
	var err error
	g.Node, err = c.nodes(g.GetNode())
	return err
}

func (c *converter) nodes(nodes []ir.Node) ([]ir.Node, error) {
	out := make([]ir.Node, 0, len(nodes))
	for _, n := range nodes {
		for _, name := range n.GetOutput() {
			c.forget(name)
		}
		if ir.Standard(n) {
			if n.GetOpType() == "Constant" {
				c.constants[ir.Output(n, 0)] = ir.ConstantValue(n)
			}
			if err := c.node(n); err != nil {
				return nil, mistake.Errorf("%s: %w", ir.NodeName(n), err)
			}
			c.pass(c.before...)
			out = append(out, c.before...)
			c.before = nil
		}
		c.pass(n)
		out = append(out, n)
		for _, body := range ir.Subgraphs(n) {
			if err := c.graph(body); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (c *converter) node(n ir.Node) error {
	h, ok := c.table[n.GetOpType()]
	if !ok && c.to == oldest { // unchanged up to there, unless it came later
		h, ok = operators[n.GetOpType()]
		for _, change := range h {
			ok = ok && change.down == nil
		}
		if ok {
			return nil
		}
	}
	if !ok {
		return mistake.Errorf("operator %s is not known: it cannot be converted from opset %d to %d", n.GetOpType(), c.from, c.to)
	}
	versions := make([]int64, 0, len(h))
	for v := range h {
		versions = append(versions, v)
	}
	slices.Sort(versions)
	for _, v := range versions {
		if c.from < v && v <= c.to && h[v].up != nil {
			if err := h[v].up(c, n); err != nil {
				return mistake.Errorf("cannot be raised to opset %d: %w", c.to, err)
			}
		}
	}
	for _, v := range slices.Backward(versions) {
		if c.to < v && v <= c.from && h[v].down != nil {
			if err := h[v].down(c, n); err != nil {
				return mistake.Errorf("cannot be lowered to opset %d: %w", c.to, err)
			}
		}
	}
	return nil
}

// usedNames are the names that nodes of a graph and its subgraphs read, and what the graph gives.
func usedNames(g ir.Graph) map[string]bool {
	used := make(map[string]bool)
	var walk func(g ir.Graph)
	walk = func(g ir.Graph) {
		for _, v := range g.GetOutput() {
			used[v.GetName()] = true
		}
		for _, n := range g.GetNode() {
			for _, name := range n.GetInput() {
				used[name] = true
			}
			for _, body := range ir.Subgraphs(n) {
				walk(body)
			}
		}
	}
	walk(g)
	return used
}

// add puts a node in front of the one that is converted and returns its output.
func (c *converter) add(n ir.Node, op, suffix string, inputs []string, attrs ...*onnxpb.AttributeProto) string {
	base := ir.Output(n, 0) + "_" + suffix
	out := c.names.Fresh(base)
	c.before = append(c.before, ir.NewNode(op, c.names.Fresh(base+"_"+op), inputs, []string{out}, attrs...))
	return out
}

// ints adds a constant list of integers, or a scalar for one value where scalar is true, and returns its name.
func (c *converter) ints(n ir.Node, suffix string, scalar bool, values ...int64) string {
	dims := []int64{int64(len(values))}
	if scalar {
		dims = nil
	}
	t := ir.NewInts("", ir.Int64, dims, values)
	t.Name = nil
	return c.constant(n, suffix, t)
}

// constant adds a tensor without a name and returns the name that it gets.
func (c *converter) constant(n ir.Node, suffix string, t ir.Tensor) string {
	out := c.add(n, "Constant", suffix, nil, &onnxpb.AttributeProto{
		Name: ir.Str("value"), Type: onnxpb.AttributeProto_TENSOR.Enum(), T: t})
	c.constants[out] = t
	return out
}

// constInts returns the value of an integer input that is constant.
func (c *converter) constInts(n ir.Node, i int) ([]int64, error) {
	t := c.value(ir.Input(n, i))
	if t == nil {
		return nil, mistake.Errorf("its input %d, %q, is not constant but %s", i, ir.Input(n, i), c.maker(ir.Input(n, i)))
	}
	return ir.Ints(t)
}

// setInput puts a name at an input, behind absent ones if need be; an absent last input is cut off.
func setInput(n ir.Node, i int, name string) {
	for len(n.Input) <= i {
		n.Input = append(n.Input, "")
	}
	n.Input[i] = name
	for len(n.Input) > 0 && n.Input[len(n.Input)-1] == "" {
		n.Input = n.Input[:len(n.Input)-1]
	}
}
