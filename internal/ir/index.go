package ir

import (
	"example.org/demote/onnx/onnxpb"
)

// Index answers questions about the tensors of a model's main graph. It describes the model as it was when NewIndex ran.
type Index struct {
	Ordered      []Node
	MadeBy       map[string]Node
	ReadBy       map[string][]Node
	Initializers map[string]Tensor
	Inputs       map[string]bool
	Outputs      map[string]bool
	order        map[Node]int
	Types        map[string]DType
}

// NewIndex indexes a model and checks its graph. Errors that match mistake.Err name the node and the tensor: a tensor that
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
		Ordered:      g.GetNode(),
		MadeBy:       make(map[string]Node),
		ReadBy:       make(map[string][]Node),
		Initializers: make(map[string]Tensor),
		Inputs:       make(map[string]bool),
		Outputs:      make(map[string]bool),
		order:        make(map[Node]int),
		Types:        make(map[string]DType),
	}
	for _, v := range g.GetInput() {
		x.Inputs[v.GetName()] = true
	}
	for _, v := range g.GetOutput() {
		x.Outputs[v.GetName()] = true
	}
	for _, t := range g.GetInitializer() {
		x.Initializers[t.GetName()] = t
	}
	for i, n := range g.GetNode() {
		x.order[n] = i
		for _, out := range n.GetOutput() {
			if out != "" {
				x.MadeBy[out] = n
			}
		}
		for _, in := range Reads(n) {
			x.ReadBy[in] = append(x.ReadBy[in], n)
		}
	}
	x.inferTypes(m)
	return x, nil
}

// Nodes returns the nodes of the main graph in topological order.
func (x *Index) Nodes() []*onnxpb.NodeProto { return x.Ordered }

// Producer returns the node that makes a tensor, nil for inputs and initializers.
func (x *Index) Producer(t string) *onnxpb.NodeProto { return x.MadeBy[t] }

// Consumers returns the nodes that read a tensor, themselves or in a subgraph: each once, in graph order.
func (x *Index) Consumers(t string) []*onnxpb.NodeProto { return x.ReadBy[t] }

// Initializer returns the initializer of that name, or nil.
func (x *Index) Initializer(t string) *onnxpb.TensorProto { return x.Initializers[t] }

// Constant returns the value of a tensor that is an initializer or made by a Constant node, else nil. The tensor's own
// name may differ from t.
func (x *Index) Constant(t string) *onnxpb.TensorProto {
	if c := x.Initializers[t]; c != nil && !x.Inputs[t] {
		return c
	}
	if n := x.MadeBy[t]; n != nil && Standard(n) && n.GetOpType() == "Constant" {
		return ConstantValue(n)
	}
	return nil
}

// IsInput tells whether a tensor is an input of the graph.
func (x *Index) IsInput(t string) bool { return x.Inputs[t] }

// IsOutput tells whether a tensor is an output of the graph.
func (x *Index) IsOutput(t string) bool { return x.Outputs[t] }

// Order returns a node's place in the main graph.
func (x *Index) Order(n *onnxpb.NodeProto) int { return x.order[n] }

// Type returns the element type of a tensor, Undefined where it is not known or the value is no tensor.
func (x *Index) Type(t string) DType { return x.Types[t] }

// Reads returns the tensors of its graph that a node needs: its inputs, and what its subgraphs take from outside. Each is
// there once; absent inputs are left out.
func Reads(n Node) []string {
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
	for _, g := range Subgraphs(n) {
		for _, in := range captures(g) {
			add(in)
		}
	}
	return all
}

// captures returns the names that a subgraph uses and does not define.
func captures(g Graph) []string {
	own := Defined(g)
	var all []string
	for _, n := range g.GetNode() {
		for _, in := range Reads(n) {
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

// Defined returns the names that a graph defines itself.
func Defined(g Graph) map[string]bool {
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

// ConstantValue returns the tensor of a Constant node, whichever attribute holds it; nil for strings and sparse values.
func ConstantValue(n Node) Tensor {
	out := Output(n, 0)
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

// Source follows a tensor up through nodes that only move values, until a tensor for which found is true. It returns "" if it
// comes to a node that computes before.
func Source(x *Index, t string, found func(string) bool) string {
	for range len(x.Nodes()) + 1 {
		if found(t) {
			return t
		}
		p := x.Producer(t)
		if p == nil || !x.Moves(p) {
			return ""
		}
		t = Input(p, 0)
	}
	return ""
}
