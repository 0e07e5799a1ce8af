package fold

import (
	"maps"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// What folding may make of one node: a result has at most foldGrowth times the bytes of its operands, or foldFree
// bytes, whichever is more, so that no file can claim memory by an Expand of one element. Turning int8 into float
// needs 4.
const (
	foldGrowth   = 4
	foldFree     = 4 << 20
	foldElements = 1 << 20 // of a result computed element by element: tables and scalars, not weights
)

// Folder replaces nodes with constant operands by their results.
type Folder struct {
	graph     ir.Graph
	constants map[string]ir.Tensor // by name: initializers and what was folded
	Shapes    map[string][]int64   // tensors whose dimensions are all known
	outputs   map[string]bool      // of the graph, or asked for: they stay the output of a node
	replaced  map[string]bool      // constants that a removed node has read or made
	Budget    Budget
}

// Constants turns Constant nodes into initializers and computes nodes that depend on constants alone, in plain Go:
// moves of values, shape arithmetic, casts of float16 initializers, and float32 operations that are exactly rounded.
// Nodes with other operators, and nodes whose results exceed the limits, are not folded. Bodies of If, Loop and Scan
// are not changed. Errors match mistake.Err and name the node whose operands do not fit.
func Constants(m *ir.Model) error { return foldBut(m, nil) }

// foldBut is Constants that takes the initializers open for no constants, and leaves the tensors open outputs of
// their nodes.
func foldBut(m *ir.Model, open []string) error {
	g := m.Graph()
	f := &Folder{
		graph: g, constants: make(map[string]ir.Tensor), Shapes: make(map[string][]int64),
		outputs: make(map[string]bool), replaced: make(map[string]bool), Budget: newFoldBudget(m),
	}
	for _, t := range g.GetInitializer() {
		f.constants[t.GetName()] = t
	}
	for _, name := range open {
		if t := f.constants[name]; t != nil {
			f.Shapes[name] = t.GetDims()
			delete(f.constants, name)
		}
		f.outputs[name] = true
	}
	for _, v := range g.GetInput() {
		delete(f.constants, v.GetName()) // a default value that a caller may replace
		f.Know(v)
	}
	for _, v := range g.GetValueInfo() {
		f.Know(v)
	}
	for _, v := range g.GetOutput() {
		f.outputs[v.GetName()] = true
	}
	index, err := ir.NewIndex(m)
	if err != nil {
		return err
	}
	gone := make(map[ir.Node]bool)
	for _, n := range index.Nodes() {
		done, err := f.fold(n)
		if err != nil {
			return mistake.Errorf("%s: %w", ir.NodeName(n), err)
		}
		if done {
			gone[n] = true
		}
	}
	f.rewrite(gone)
	return nil
}

// Know keeps the dimensions of a value if all of them are given.
func (f *Folder) Know(v *onnxpb.ValueInfoProto) {
	dims := ir.ValueOf(v).Dims
	if dims == nil {
		return
	}
	for _, d := range dims {
		if d <= 0 { // some exporters write 0 where they do not know
			return
		}
	}
	f.Shapes[v.GetName()] = dims
}

// fold computes one node, and reports whether its results are constants now.
func (f *Folder) fold(n ir.Node) (bool, error) {
	rule, known := Rules[n.GetOpType()]
	if !known || !ir.Standard(n) || len(n.GetInput()) < rule.Least || slices.Contains(n.GetInput()[:rule.Least], "") {
		return false, nil
	}
	for _, name := range n.GetOutput() {
		if f.outputs[name] {
			return false, nil
		}
	}
	c := &Call{Node: n, Folder: f, Args: make([]ir.Tensor, len(n.GetInput()))}
	for i, name := range n.GetInput() {
		t, constant := f.constants[name]
		if !constant && name != "" && !rule.Shape {
			return false, nil
		}
		c.Args[i] = t
	}
	var results []ir.Tensor
	var err error
	if rule.Shape || f.Budget.MayRead(c.Args) {
		results, err = rule.Eval(c)
	}
	if f.Budget.over {
		return false, ErrConstants
	}
	if err != nil || len(results) == 0 || len(results) < len(n.GetOutput()) {
		return false, err
	}
	f.Budget.Spend(c.Args, results)
	for i, name := range n.GetOutput() {
		if name == "" {
			continue
		}
		t := wire.CloneTensor(results[i])
		t.Name = ir.Str(name)
		f.constants[name] = t
		f.replaced[name] = true
	}
	for _, name := range n.GetInput() {
		f.replaced[name] = true
	}
	return true, nil
}

// rewrite removes folded nodes, adds the results that somebody still reads, and removes the constants that only
// folded nodes have read. An initializer that no node ever read stays.
func (f *Folder) rewrite(gone map[ir.Node]bool) {
	if len(gone) == 0 {
		return
	}
	old := make(map[string]bool)
	for _, t := range f.graph.GetInitializer() {
		old[t.GetName()] = true
	}
	var nodes []ir.Node
	var made []string
	for _, n := range f.graph.GetNode() {
		if !gone[n] {
			nodes = append(nodes, n)
			continue
		}
		made = append(made, n.GetOutput()...)
	}
	f.graph.Node = nodes
	read := maps.Clone(f.outputs)
	ir.MarkRead(f.graph, read)
	var initializers []ir.Tensor
	for _, t := range f.graph.GetInitializer() {
		if read[t.GetName()] || !f.replaced[t.GetName()] {
			initializers = append(initializers, t)
		}
	}
	for _, name := range made {
		if read[name] && !old[name] {
			initializers = append(initializers, f.constants[name])
		}
	}
	f.graph.Initializer = initializers
}

// Model computes nodes that depend on constants and known shapes alone, puts initializers in their place, and replaces
// an If with a known condition by its branch. open names tensors that must not be folded: initializers that may change
// later, and outputs that stay outputs of their nodes.
func Model(m *ir.Model, open ...string) error {
	if err := foldBut(m, open); err != nil {
		return err
	}
	return branchesBut(m, open)
}
