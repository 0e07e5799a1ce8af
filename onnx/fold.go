package onnx

import (
	"maps"
	"slices"

	"demote/onnx/onnxpb"
)

// What folding may make of one node: a result has at most foldGrowth times the bytes of its operands, or foldFree bytes, whichever is
// more, so that no file can claim memory by an Expand of one element. Turning int8 into float needs 4.
const (
	foldGrowth   = 4
	foldFree     = 4 << 20
	foldElements = 1 << 20 // of a result computed element by element: tables and scalars, not weights
)

// folder replaces nodes whose operands are constants by their results.
type folder struct {
	graph     graph
	constants map[string]tensor  // by name: initializers and what was folded
	shapes    map[string][]int64 // tensors whose dimensions are all known
	outputs   map[string]bool    // of the graph, or asked for: they stay the output of a node
	replaced  map[string]bool    // constants that a removed node has read or made
	budget    foldBudget
}

// foldConstants turns Constant nodes into initializers and computes in plain Go what hangs on constants alone: moves of
// values, shape arithmetic, casts of float16 initializers, the exactly rounded float32 operations. What it does not know,
// or what would grow beyond its bounds, stays a node. Bodies of If, Loop and Scan stay as they are. Errors match ErrInput
// and name the node whose operands do not fit.
func foldConstants(m *Model) error { return foldBut(m, nil) }

// foldBut is foldConstants that takes the initializers open for no constants, and leaves the tensors open outputs of their nodes.
func foldBut(m *Model, open []string) error {
	g := m.Graph()
	f := &folder{
		graph: g, constants: make(map[string]tensor), shapes: make(map[string][]int64),
		outputs: make(map[string]bool), replaced: make(map[string]bool), budget: newFoldBudget(m),
	}
	for _, t := range g.GetInitializer() {
		f.constants[t.GetName()] = t
	}
	for _, name := range open {
		if t := f.constants[name]; t != nil {
			f.shapes[name] = t.GetDims()
			delete(f.constants, name)
		}
		f.outputs[name] = true
	}
	for _, v := range g.GetInput() {
		delete(f.constants, v.GetName()) // a default value that a caller may replace
		f.know(v)
	}
	for _, v := range g.GetValueInfo() {
		f.know(v)
	}
	for _, v := range g.GetOutput() {
		f.outputs[v.GetName()] = true
	}
	index, err := NewIndex(m)
	if err != nil {
		return err
	}
	gone := make(map[node]bool)
	for _, n := range index.Nodes() {
		done, err := f.fold(n)
		if err != nil {
			return badf("%s: %w", nodeName(n), err)
		}
		if done {
			gone[n] = true
		}
	}
	f.rewrite(gone)
	return nil
}

// know keeps the dimensions of a value if all of them are given.
func (f *folder) know(v *onnxpb.ValueInfoProto) {
	dims := valueOf(v).Dims
	if dims == nil {
		return
	}
	for _, d := range dims {
		if d <= 0 { // some exporters write 0 where they do not know
			return
		}
	}
	f.shapes[v.GetName()] = dims
}

// fold computes one node, and reports whether its results are constants now.
func (f *folder) fold(n node) (bool, error) {
	rule, known := foldRules[n.GetOpType()]
	if !known || !standard(n) || len(n.GetInput()) < rule.least || slices.Contains(n.GetInput()[:rule.least], "") {
		return false, nil
	}
	for _, name := range n.GetOutput() {
		if f.outputs[name] {
			return false, nil
		}
	}
	c := &call{node: n, folder: f, args: make([]tensor, len(n.GetInput()))}
	for i, name := range n.GetInput() {
		t, constant := f.constants[name]
		if !constant && name != "" && !rule.shape {
			return false, nil
		}
		c.args[i] = t
	}
	var results []tensor
	var err error
	if rule.shape || f.budget.mayRead(c.args) {
		results, err = rule.eval(c)
	}
	if f.budget.over {
		return false, errConstants
	}
	if err != nil || len(results) == 0 || len(results) < len(n.GetOutput()) {
		return false, err
	}
	f.budget.book(c.args, results)
	for i, name := range n.GetOutput() {
		if name == "" {
			continue
		}
		t := cloneTensor(results[i])
		t.Name = str(name)
		f.constants[name] = t
		f.replaced[name] = true
	}
	for _, name := range n.GetInput() {
		f.replaced[name] = true
	}
	return true, nil
}

// rewrite removes folded nodes, adds the results that somebody still reads, and removes the constants that only folded
// nodes have read. An initializer that nobody ever read stays.
func (f *folder) rewrite(gone map[node]bool) {
	if len(gone) == 0 {
		return
	}
	old := make(map[string]bool)
	for _, t := range f.graph.GetInitializer() {
		old[t.GetName()] = true
	}
	var nodes []node
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
	markRead(f.graph, read)
	var initializers []tensor
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

// markRead adds the names of all tensors that the nodes of a graph and of its bodies read, and what the bodies return.
func markRead(g graph, read map[string]bool) {
	for _, n := range g.GetNode() {
		for _, name := range n.GetInput() {
			read[name] = true
		}
		for _, body := range subgraphs(n) {
			markRead(body, read)
			for _, v := range body.GetOutput() {
				read[v.GetName()] = true
			}
		}
	}
}
