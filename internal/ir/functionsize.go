package ir

import (
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// What the calls of a model's functions may become, in nodes: functions that call each other grow exponentially. Any file may
// have inlineFree, larger ones inlineGrowth times what they hold, and none more than inlineMost.
const (
	inlineFree   = 1 << 16
	inlineGrowth = 32
	inlineMost   = 1 << 18
)

// nodeBytes is about the memory of a node without names and attributes. What has more counts as so many nodes.
const nodeBytes = 128

// checkCalls refuses a model whose functions become too much, which the runtime puts in the place of their calls as Prepare does.
func checkCalls(m *Model) error {
	if len(m.Proto.GetFunctions()) == 0 {
		return nil
	}
	_, err := NewFunctions(m).Size(m.Graph().GetNode())
	return err
}

type functionKey struct{ domain, name, overload string }

func keyOf(n Node) functionKey { return functionKey{n.GetDomain(), n.GetOpType(), n.GetOverload()} }

// Functions are those that a model brings along, and what their calls become.
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

// Of returns the function that a node calls, nil if it is an operator.
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

// Size returns what these nodes become, counted in nodes, before any is made: long names, lists and attributes count as
// more, and so does what a call has to look up. The error is for functions that call themselves or become more than the limit.
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

// lookups is what one call costs beside the nodes of its body, in nodes: its parameters, attributes that refer to the call's, operator sets.
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

// attributeBytes is about what a copy of attributes takes. Copies of tensors share their data, and nodes of graphs are counted
// as nodes.
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

func nameBytes(n Node) int {
	sum := len(n.GetName())
	for _, list := range [][]string{n.GetInput(), n.GetOutput()} {
		for _, name := range list {
			sum += len(name)
		}
	}
	return sum
}
