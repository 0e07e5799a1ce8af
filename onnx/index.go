package onnx

import (
	"demote/onnx/onnxpb"
)

// Index answers questions about the tensors of a model's main graph. It describes the model as it was when NewIndex ran.
type Index struct {
	nodes        []node
	producers    map[string]node
	consumers    map[string][]node
	initializers map[string]tensor
	inputs       map[string]bool
	outputs      map[string]bool
	order        map[node]int
	types        map[string]DType
}

// NewIndex indexes a model and checks its graph. Errors that match ErrInput name the node and the tensor: a tensor that
// nothing makes, that two nodes make, or nodes that wait for each other. Nodes that merely stand in the wrong order are
// put into topological order, stably.
func NewIndex(m *Model) (*Index, error) {
	g := m.Graph()
	if err := checkGraph(g, nil, "graph"); err != nil {
		return nil, err
	}
	for _, f := range m.Proto.GetFunctions() {
		if err := checkFunction(f); err != nil {
			return nil, err
		}
	}
	x := &Index{
		nodes:        g.GetNode(),
		producers:    make(map[string]node),
		consumers:    make(map[string][]node),
		initializers: make(map[string]tensor),
		inputs:       make(map[string]bool),
		outputs:      make(map[string]bool),
		order:        make(map[node]int),
		types:        make(map[string]DType),
	}
	for _, v := range g.GetInput() {
		x.inputs[v.GetName()] = true
	}
	for _, v := range g.GetOutput() {
		x.outputs[v.GetName()] = true
	}
	for _, t := range g.GetInitializer() {
		x.initializers[t.GetName()] = t
	}
	for i, n := range g.GetNode() {
		x.order[n] = i
		for _, out := range n.GetOutput() {
			if out != "" {
				x.producers[out] = n
			}
		}
		for _, in := range reads(n) {
			x.consumers[in] = append(x.consumers[in], n)
		}
	}
	x.inferTypes(m)
	return x, nil
}

// Nodes returns the nodes of the main graph in topological order.
func (x *Index) Nodes() []*onnxpb.NodeProto { return x.nodes }

// Producer returns the node that makes a tensor, nil for inputs and initializers.
func (x *Index) Producer(t string) *onnxpb.NodeProto { return x.producers[t] }

// Consumers returns the nodes that read a tensor, themselves or in a subgraph: each once, in graph order.
func (x *Index) Consumers(t string) []*onnxpb.NodeProto { return x.consumers[t] }

// Initializer returns the initializer of that name, or nil.
func (x *Index) Initializer(t string) *onnxpb.TensorProto { return x.initializers[t] }

// Constant returns the value of a tensor that is an initializer or made by a Constant node, else nil. The tensor's own
// name may differ from t.
func (x *Index) Constant(t string) *onnxpb.TensorProto {
	if c := x.initializers[t]; c != nil && !x.inputs[t] {
		return c
	}
	if n := x.producers[t]; n != nil && standard(n) && n.GetOpType() == "Constant" {
		return constantValue(n)
	}
	return nil
}

// IsInput tells whether a tensor is an input of the graph.
func (x *Index) IsInput(t string) bool { return x.inputs[t] }

// IsOutput tells whether a tensor is an output of the graph.
func (x *Index) IsOutput(t string) bool { return x.outputs[t] }

// Order returns a node's place in the main graph.
func (x *Index) Order(n *onnxpb.NodeProto) int { return x.order[n] }

// Type returns the element type of a tensor, Undefined where it is not known or the value is no tensor.
func (x *Index) Type(t string) DType { return x.types[t] }

// reads returns the tensors of its graph that a node needs: its inputs, and what its subgraphs take from outside. Each is
// there once; absent inputs are left out.
func reads(n node) []string {
	seen := make(map[string]bool, len(n.GetInput()))
	var all []string
	add := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			all = append(all, name)
		}
	}
	for _, in := range n.GetInput() {
		add(in)
	}
	for _, g := range subgraphs(n) {
		for _, in := range captures(g) {
			add(in)
		}
	}
	return all
}

// captures returns the names that a subgraph uses and does not define.
func captures(g graph) []string {
	own := defined(g)
	var all []string
	for _, n := range g.GetNode() {
		for _, in := range reads(n) {
			if !own[in] {
				all = append(all, in)
			}
		}
	}
	for _, v := range g.GetOutput() {
		if name := v.GetName(); name != "" && !own[name] {
			all = append(all, name)
		}
	}
	return all
}

// defined returns the names that a graph defines itself.
func defined(g graph) map[string]bool {
	own := make(map[string]bool)
	for _, v := range g.GetInput() {
		own[v.GetName()] = true
	}
	for _, t := range g.GetInitializer() {
		own[t.GetName()] = true
	}
	for _, t := range g.GetSparseInitializer() {
		own[t.GetValues().GetName()] = true
	}
	for _, n := range g.GetNode() {
		for _, out := range n.GetOutput() {
			own[out] = true
		}
	}
	return own
}

// constantValue returns the tensor of a Constant node, whichever attribute holds it; nil for strings and sparse values.
func constantValue(n node) tensor {
	out := output(n, 0)
	for _, a := range n.GetAttribute() {
		switch a.GetName() {
		case "value":
			return a.GetT()
		case "value_float":
			return NewFloats(out, nil, []float32{a.GetF()})
		case "value_floats":
			return NewFloats(out, []int64{int64(len(a.GetFloats()))}, a.GetFloats())
		case "value_int":
			return NewInts(out, Int64, nil, []int64{a.GetI()})
		case "value_ints":
			return NewInts(out, Int64, []int64{int64(len(a.GetInts()))}, a.GetInts())
		}
	}
	return nil
}
