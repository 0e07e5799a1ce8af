package onnx

import (
	"slices"

	"demote/onnx/onnxpb"
)

// foldBranches puts the branch that is taken in the place of every If whose condition is a constant, or hangs on constants and on
// sizes that the model declares, so that what it computes is seen. Constants have been folded; they are again behind each branch.
// Bodies of Loop and Scan stay as they are.
func foldBranches(m *Model) error { return foldBranchesBut(m, nil) }

// foldBranchesBut is foldBranches with open as foldBut has it.
func foldBranchesBut(m *Model, open []string) error {
	g := m.Graph()
	if !slices.ContainsFunc(g.Node, isIf) {
		return nil
	}
	if foldSizes(g) {
		if err := foldBut(m, open); err != nil {
			return err
		}
	}
	for folded := false; ; folded = true {
		again := false
		for at := 0; at < len(g.Node); at++ {
			n := g.Node[at]
			condition := knownCondition(g, n)
			if condition == nil {
				continue
			}
			taken, err := takenBranch(n, condition)
			if err != nil {
				return badf("%s: %w", nodeName(n), err)
			}
			g.Node = slices.Delete(g.Node, at, at+1)
			inside := openBranch(g, n, taken)
			g.Node = slices.Insert(g.Node, at, inside...)
			at, again = at-1, true // an If inside comes next
		}
		if !again {
			if folded {
				m.prune() // what only the other branches read
			}
			return nil
		}
		if err := foldBut(m, open); err != nil {
			return err
		}
	}
}

func isIf(n node) bool { return standard(n) && n.GetOpType() == "If" }

// knownCondition is the constant that an If asks; nil if it is none, or the node no If.
func knownCondition(g graph, n node) tensor {
	if !isIf(n) {
		return nil
	}
	for _, t := range g.GetInitializer() {
		if t.GetName() == input(n, 0) && DType(t.GetDataType()) == Bool {
			return t
		}
	}
	return nil
}

func takenBranch(n node, condition tensor) (graph, error) {
	values, err := Ints(condition)
	if err != nil {
		return nil, err
	}
	if len(values) != 1 {
		return nil, badf("its condition has %d elements, it needs 1", len(values))
	}
	name := "else_branch"
	if values[0] != 0 {
		name = "then_branch"
	}
	branch := attr(n, name).GetG()
	if branch == nil || len(branch.GetOutput()) < len(n.GetOutput()) {
		return nil, badf("its %s has too few outputs", name)
	}
	return branch, nil
}

// openBranch returns the nodes of a branch for the graph around it, and moves its constants there. What the branch names itself
// keeps its name where that is free.
func openBranch(g graph, n node, branch graph) []node {
	names := newNames(g)
	to := make(map[string]string) // own names of the branch
	made := make(map[string]bool)
	for _, inner := range branch.GetNode() {
		for _, out := range inner.GetOutput() {
			made[out] = out != ""
		}
	}
	var identities []node
	for i, out := range n.GetOutput() {
		if out == "" {
			continue
		}
		from := branch.GetOutput()[i].GetName()
		if _, twice := to[from]; made[from] && !twice {
			to[from] = out
			continue
		}
		identities = append(identities, newNode("Identity", names.fresh(out+"_Identity"), []string{from}, []string{out}))
	}
	name := func(own string) {
		if _, ok := to[own]; !ok && own != "" {
			to[own] = names.fresh(own)
		}
	}
	for _, t := range branch.GetInitializer() {
		name(t.GetName())
	}
	for _, inner := range branch.GetNode() {
		for _, out := range inner.GetOutput() {
			name(out)
		}
	}
	for _, t := range branch.GetInitializer() {
		t = cloneTensor(t)
		t.Name = str(to[t.GetName()])
		g.Initializer = append(g.Initializer, t)
	}
	for _, v := range branch.GetValueInfo() {
		if name := to[v.GetName()]; name != "" && !slices.Contains(n.GetOutput(), name) {
			v = clone(v)
			v.Name = &name
			g.ValueInfo = append(g.ValueInfo, v)
		}
	}
	var nodes []node
	for _, inner := range branch.GetNode() {
		inner = clone(inner)
		for i, out := range inner.Output {
			if out != "" {
				inner.Output[i] = to[out]
			}
		}
		if inner.GetName() != "" {
			inner.Name = str(names.fresh(inner.GetName()))
		}
		nodes = append(nodes, inner)
	}
	nodes = append(nodes, identities...)
	rewire(nodes, to)
	return nodes
}

// foldSizes makes constants of the sizes that are taken out of a Shape one by one and that the model declares, though it leaves
// others of the same tensor free. It reports whether there were any.
func foldSizes(g graph) (any bool) {
	dims, shapes, constants := make(map[string][]int64), make(map[string]node), make(map[string]tensor)
	for _, list := range [][]*onnxpb.ValueInfoProto{g.GetInput(), g.GetValueInfo()} {
		for _, v := range list {
			dims[v.GetName()] = valueOf(v).Dims
		}
	}
	for _, t := range g.GetInitializer() {
		constants[t.GetName()] = t
	}
	for i, n := range g.Node {
		if !standard(n) {
			continue
		}
		switch n.GetOpType() {
		case "Shape":
			if attr(n, "start") == nil && attr(n, "end") == nil {
				shapes[output(n, 0)] = n
			}
		case "Gather":
			shape, at := shapes[input(n, 0)], constants[input(n, 1)]
			if shape == nil || at == nil || mustCount(at) != 1 || attrInt(n, "axis", 0) != 0 {
				continue
			}
			index, err := Ints(at)
			size := dims[input(shape, 0)]
			if err != nil || index[0] < -int64(len(size)) || index[0] >= int64(len(size)) {
				continue
			}
			if index[0] < 0 {
				index[0] += int64(len(size))
			}
			if d := size[index[0]]; d > 0 {
				value := NewInts("", Int64, at.GetDims(), []int64{d})
				value.Name = nil
				g.Node[i] = newNode("Constant", n.GetName(), nil, n.GetOutput(), &onnxpb.AttributeProto{Name: str("value"), Type: onnxpb.AttributeProto_TENSOR.Enum(), T: value})
				any = true
			}
		}
	}
	return any
}
