package ir

import (
	"example.org/demote/onnx/onnxpb"
)

// Index finds producers, consumers, constants and element types of the tensors of a model's main graph, by name. It
// describes the model at the time of NewIndex: after a change of the graph, make a new one. It shares the model's
// messages; its maps and slices are read only. Several goroutines may use it at once. All look-ups take constant time.
type Index struct {
	Ordered      []Node            // nodes of the main graph in topological order
	MadeBy       map[string]Node   // producer
	ReadBy       map[string][]Node // consumers, each once, in graph order
	Initializers map[string]Tensor // those of the main graph
	Inputs       map[string]bool   // of the main graph, those with an initializer among them
	Outputs      map[string]bool   // of the main graph
	order        map[Node]int      // place in Ordered
	Types        map[string]DType  // element type; absent: unknown, or no tensor
}

// NewIndex indexes a model and checks its graph. It sorts the model's nodes into topological order, stably, in place:
// the standard asks for that order, and some exporters break it. Subgraphs and functions are checked and sorted too,
// but not indexed. Errors are mistake.Err and name the node and the tensor: a tensor without a producer, one with two
// producers, a cycle, a name with a zero byte, or a graph without outputs.
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

// Producer returns the node that computes a tensor, or nil for inputs, initializers and unknown names.
func (x *Index) Producer(t string) *onnxpb.NodeProto { return x.MadeBy[t] }

// Consumers returns the nodes that read a tensor, directly or in a subgraph, each once and in graph order. Outputs of
// the graph are no consumers.
func (x *Index) Consumers(t string) []*onnxpb.NodeProto { return x.ReadBy[t] }

// Initializer returns the initializer of that name, or nil.
func (x *Index) Initializer(t string) *onnxpb.TensorProto { return x.Initializers[t] }

// Constant returns the value of a tensor that is an initializer or the output of a Constant node, else nil. An
// initializer that is an input too is only the input's default (IR specification, Graphs: initializer, from IR version
// 4 on), and no constant. The name in the returned message may differ from t. The model owns it where it is an
// initializer or a tensor attribute.
func (x *Index) Constant(t string) *onnxpb.TensorProto {
	if c := x.Initializers[t]; c != nil && !x.Inputs[t] {
		return c
	}
	if n := x.MadeBy[t]; n != nil && Standard(n) && n.GetOpType() == "Constant" {
		return ConstantValue(n)
	}
	return nil
}

// IsInput reports whether a tensor is an input of the graph.
func (x *Index) IsInput(t string) bool { return x.Inputs[t] }

// IsOutput reports whether a tensor is an output of the graph.
func (x *Index) IsOutput(t string) bool { return x.Outputs[t] }

// Order returns the place of a node in Nodes.
func (x *Index) Order(n *onnxpb.NodeProto) int { return x.order[n] }

// Type returns the element type of a tensor, or Undefined if it is unknown or the value is no tensor.
func (x *Index) Type(t string) DType { return x.Types[t] }

// Reads returns the names of the tensors that a node reads, each once: its inputs in their order, then the tensors that
// its subgraphs take from outside, at any depth. It leaves out absent optional inputs. The slice is new.
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

// captures returns the names that a subgraph reads from outside.
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

// Defined returns the names that a graph defines itself: inputs, initializers and outputs of its nodes. The map is new,
// and may have the empty name, of an output that a node leaves out.
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

// ConstantValue returns the tensor of a Constant node from any of its attributes: value as it is, which the node owns;
// value_float and value_int as a new scalar of type float32 and int64; value_floats and value_ints as a new vector. It
// is nil for strings and sparse values (https://onnx.ai/onnx/operators/onnx__Constant.html).
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

// Source follows a tensor t upwards through nodes that only move values (Index.Moves), to the first tensor for which
// found is true. It returns "" if it reaches a node that computes, or an input, before.
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
