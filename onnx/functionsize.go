package onnx

import "demote/onnx/onnxpb"

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
	_, err := newInliner(m).size(m.Graph().GetNode())
	return err
}

// inlineLimit is the bound of a model, by the nodes that it holds.
func inlineLimit(m *Model) int {
	held := nodesIn(m.Graph().GetNode())
	for _, f := range m.Proto.GetFunctions() {
		held += nodesIn(f.GetNode())
	}
	return min(max(inlineFree, inlineGrowth*held), inlineMost)
}

// weight is what one node counts, without the graphs in it.
func weight(n node) int { return 1 + (nameBytes(n)+attributeBytes(n.GetAttribute()))/nodeBytes }

func nodesIn(nodes []node) int {
	sum := 0
	for _, n := range nodes {
		sum += weight(n)
		for _, g := range subgraphs(n) {
			sum += nodesIn(g.GetNode())
		}
	}
	return sum
}

// size returns what these nodes become, counted in nodes, before any is made: long names, lists and attributes count as
// more, and so does what a call has to look up. The error is for functions that call themselves or become more than the limit.
func (in *inliner) size(nodes []node) (int, error) {
	sum := 0
	add := func(n node, more int) error {
		if sum += more; sum > in.limit || more < 0 {
			return badf("%s: the calls of the model's functions become more than %d nodes, too many for this file: inline its functions when it is exported", nodeName(n), in.limit)
		}
		return nil
	}
	for _, n := range nodes {
		if err := add(n, weight(n)); err != nil {
			return 0, err
		}
		for _, g := range subgraphs(n) {
			inner, err := in.size(g.GetNode())
			if err == nil {
				err = add(n, inner+(len(g.GetInitializer())+len(g.GetValueInfo())+len(g.GetInput())+len(g.GetOutput()))/2)
			}
			if err != nil {
				return 0, err
			}
		}
		key := keyOf(n)
		f := in.functions[key]
		if f == nil {
			continue
		}
		if _, ok := in.sizes[key]; !ok {
			in.sizes[key] = -1
			inner, err := in.size(f.GetNode())
			if err != nil {
				return 0, err
			}
			in.sizes[key] = inner
		}
		if in.sizes[key] < 0 {
			return 0, badf("%s: a function of the model calls itself", nodeName(n))
		}
		// The call's name becomes part of every name inside.
		if err := add(n, in.sizes[key]*(1+len(n.GetName())/nodeBytes)+in.lookups(f, n)); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

// lookups is what one call costs beside the nodes of its body, in nodes: its parameters, attributes that refer to the call's, operator sets.
func (in *inliner) lookups(f *onnxpb.FunctionProto, call node) int {
	declared := len(call.GetAttribute()) + len(f.GetAttributeProto())
	largest := 0
	for _, list := range [][]*onnxpb.AttributeProto{call.GetAttribute(), f.GetAttributeProto()} {
		for i := range list {
			largest = max(largest, attributeBytes(list[i:i+1]))
		}
	}
	sets := len(f.GetOpsetImport())
	return (len(f.GetInput())+len(f.GetOutput()))/8 + references(f.GetNode())*(declared+largest)/nodeBytes +
		sets*(sets+len(in.model.Proto.GetOpsetImport()))/nodeBytes
}

// references counts the attributes of a function's nodes that refer to those of its call.
func references(nodes []node) int {
	sum := 0
	for _, n := range nodes {
		for _, a := range n.GetAttribute() {
			if a.GetRefAttrName() != "" {
				sum++
			}
		}
		for _, g := range subgraphs(n) {
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

func nameBytes(n node) int {
	sum := len(n.GetName())
	for _, list := range [][]string{n.GetInput(), n.GetOutput()} {
		for _, name := range list {
			sum += len(name)
		}
	}
	return sum
}
