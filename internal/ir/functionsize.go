package ir

import (
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// Limits of the size of a model after its function calls are inlined, in nodes. Functions that call each other can
// grow exponentially. Every model may have inlineFree nodes, larger ones inlineGrowth times their own, and none more
// than inlineMost.
const (
	inlineFree   = 1 << 16
	inlineGrowth = 32
	inlineMost   = 1 << 18
)

// nodeBytes is about the memory of a node without names and attributes. A node of more memory counts as several.
const nodeBytes = 128

// checkCalls refuses a model that is too large after its function calls are inlined, as Prepare and the runtime do.
func checkCalls(m *Model) error {
	if len(m.Proto.GetFunctions()) == 0 {
		return nil
	}
	_, err := NewFunctions(m).Size(m.Graph().GetNode())
	return err
}

// functionKey identifies a function of a model: its domain, name and overload, which together are unique (onnx.proto,
// ModelProto.functions; the overload is from IR version 10 on). A node calls the function whose domain, operator and
// overload are its own.
type functionKey struct{ domain, name, overload string }

// keyOf is the key of the function that a node calls, if there is one.
func keyOf(n Node) functionKey { return functionKey{n.GetDomain(), n.GetOpType(), n.GetOverload()} }

// Functions has the functions of a model, and their sizes after inlining. It describes the model at the time of
// NewFunctions, and shares its messages. It must not be used by several goroutines at once: Size remembers.
type Functions struct {
	byKey map[functionKey]*onnxpb.FunctionProto
	sizes map[functionKey]int // what a call becomes, in nodes; -1 while it is counted
	limit int                 // of what all calls become
	sets  int                 // operator sets that the model imports
}

// NewFunctions collects the functions of a model.
func NewFunctions(m *Model) *Functions {
	fs := &Functions{make(map[functionKey]*onnxpb.FunctionProto), make(map[functionKey]int), inlineLimit(m), len(m.Proto.GetOpsetImport())}
	for _, f := range m.Proto.GetFunctions() {
		fs.byKey[functionKey{f.GetDomain(), f.GetName(), f.GetOverload()}] = f
	}
	return fs
}

// Of returns the function that a node calls, or nil if it is an operator. The model owns it.
func (fs *Functions) Of(n Node) *onnxpb.FunctionProto { return fs.byKey[keyOf(n)] }

// inlineLimit is the bound of a model, by the nodes that it holds.
func inlineLimit(m *Model) int {
	held := nodesIn(m.Graph().GetNode())
	for _, f := range m.Proto.GetFunctions() {
		held += nodesIn(f.GetNode())
	}
	return min(max(inlineFree, inlineGrowth*held), inlineMost)
}

// weight is what one node counts, without the graphs in it.
func weight(n Node) int { return 1 + (nameBytes(n)+attributeBytes(n.GetAttribute()))/nodeBytes }

// nodesIn is the weight of nodes and of those in their subgraphs, without following calls.
func nodesIn(nodes []Node) int {
	sum := 0
	for _, n := range nodes {
		sum += weight(n)
		for _, g := range Subgraphs(n) {
			sum += nodesIn(g.GetNode())
		}
	}
	return sum
}

// Size returns the size of these nodes after inlining, in nodes, without inlining them. Long names, lists and
// attributes count as more nodes, and so do the look-ups of a call. The error is a mistake.Err for recursive
// functions and sizes above the limit.
func (fs *Functions) Size(nodes []Node) (int, error) {
	sum := 0
	add := func(n Node, more int) error {
		if sum += more; sum > fs.limit || more < 0 {
			return mistake.Errorf("%s: the calls of the model's functions become more than %d nodes, too many for this file: inline its functions when it is exported", NodeName(n), fs.limit)
		}
		return nil
	}
	for _, n := range nodes {
		if err := add(n, weight(n)); err != nil {
			return 0, err
		}
		for _, g := range Subgraphs(n) {
			inner, err := fs.Size(g.GetNode())
			if err == nil {
				err = add(n, inner+(len(g.GetInitializer())+len(g.GetValueInfo())+len(g.GetInput())+len(g.GetOutput()))/2)
			}
			if err != nil {
				return 0, err
			}
		}
		key := keyOf(n)
		f := fs.byKey[key]
		if f == nil {
			continue
		}
		if _, ok := fs.sizes[key]; !ok {
			fs.sizes[key] = -1
			inner, err := fs.Size(f.GetNode())
			if err != nil {
				return 0, err
			}
			fs.sizes[key] = inner
		}
		if fs.sizes[key] < 0 {
			return 0, mistake.Errorf("%s: a function of the model calls itself", NodeName(n))
		}
		// The call's name becomes part of every name inside.
		if err := add(n, fs.sizes[key]*(1+len(n.GetName())/nodeBytes)+fs.lookups(f, n)); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

// lookups is what one call costs beside the nodes of its body, in nodes: its parameters, attributes that refer to the
// call's, operator sets.
func (fs *Functions) lookups(f *onnxpb.FunctionProto, call Node) int {
	declared := len(call.GetAttribute()) + len(f.GetAttributeProto())
	largest := 0
	for _, list := range [][]*onnxpb.AttributeProto{call.GetAttribute(), f.GetAttributeProto()} {
		for i := range list {
			largest = max(largest, attributeBytes(list[i:i+1]))
		}
	}
	sets := len(f.GetOpsetImport())
	return (len(f.GetInput())+len(f.GetOutput()))/8 + references(f.GetNode())*(declared+largest)/nodeBytes +
		sets*(sets+fs.sets)/nodeBytes
}

// references counts the attributes of a function's nodes that refer to those of its call.
func references(nodes []Node) int {
	sum := 0
	for _, n := range nodes {
		for _, a := range n.GetAttribute() {
			if a.GetRefAttrName() != "" {
				sum++
			}
		}
		for _, g := range Subgraphs(n) {
			sum += references(g.GetNode())
		}
	}
	return sum
}

// attributeBytes is about what a copy of attributes takes. Copies of tensors share their data, and nodes of graphs
// are counted as nodes.
func attributeBytes(list []*onnxpb.AttributeProto) int {
	sum := 0
	for _, a := range list {
		sum += 8 + len(a.GetS()) + 8*(len(a.GetInts())+len(a.GetFloats())) + nodeBytes*(len(a.GetTensors())+len(a.GetTypeProtos())+len(a.GetSparseTensors()))
		for _, s := range a.GetStrings() {
			sum += 24 + len(s)
		}
	}
	return sum
}

// nameBytes is the length of the names of a node and of what it reads and makes, which inlining copies, each with the
// name of the call in front.
func nameBytes(n Node) int {
	sum := len(n.GetName())
	for _, list := range [][]string{n.GetInput(), n.GetOutput()} {
		for _, name := range list {
			sum += len(name)
		}
	}
	return sum
}
