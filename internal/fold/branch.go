package fold

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// Branches replaces every If by the branch that it takes, if its condition depends on constants and declared sizes
// alone. So the nodes of the branch are visible. It needs a model with folded constants, and folds again after each
// branch. Bodies of Loop and Scan are not changed.
func Branches(m *ir.Model) error { return branchesBut(m, nil) }

// branchesBut is Branches with open as foldBut has it.
func branchesBut(m *ir.Model, open []string) error {
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
				return mistake.Errorf("%s: %w", ir.NodeName(n), err)
			}
			g.Node = slices.Delete(g.Node, at, at+1)
			inside := openBranch(g, n, taken)
			g.Node = slices.Insert(g.Node, at, inside...)
			at, again = at-1, true // an If inside comes next
		}
		if !again {
			if folded {
				m.Prune() // what only the other branches read
			}
			return nil
		}
		if err := foldBut(m, open); err != nil {
			return err
		}
	}
}

func isIf(n ir.Node) bool { return ir.Standard(n) && n.GetOpType() == "If" }

// knownCondition is the constant that an If asks; nil if it is none, or the node no If.
func knownCondition(g ir.Graph, n ir.Node) ir.Tensor {
	if !isIf(n) {
		return nil
	}
	for _, t := range g.GetInitializer() {
		if t.GetName() == ir.Input(n, 0) && ir.DType(t.GetDataType()) == ir.Bool {
			return t
		}
	}
	return nil
}

func takenBranch(n ir.Node, condition ir.Tensor) (ir.Graph, error) {
	values, err := ir.Ints(condition)
	if err != nil {
		return nil, err
	}
	if len(values) != 1 {
		return nil, mistake.Errorf("its condition has %d elements, it needs 1", len(values))
	}
	name := "else_branch"
	if values[0] != 0 {
		name = "then_branch"
	}
	branch := ir.Attr(n, name).GetG()
	if branch == nil || len(branch.GetOutput()) < len(n.GetOutput()) {
		return nil, mistake.Errorf("its %s has too few outputs", name)
	}
	return branch, nil
}

// openBranch returns the nodes of a branch for the graph around it, and moves its constants there. What the branch
// names itself keeps its name where that is free.
func openBranch(g ir.Graph, n ir.Node, branch ir.Graph) []ir.Node {
	names := ir.NewNames(g)
	to := make(map[string]string) // own names of the branch
	made := make(map[string]bool)
	for _, inner := range branch.GetNode() {
		for _, out := range inner.GetOutput() {
			made[out] = out != ""
		}
	}
	var identities []ir.Node
	for i, out := range n.GetOutput() {
		if out == "" {
			continue
		}
		from := branch.GetOutput()[i].GetName()
		if _, twice := to[from]; made[from] && !twice {
			to[from] = out
			continue
		}
		identities = append(identities, ir.NewNode("Identity", names.Fresh(out+"_Identity"), []string{from}, []string{out}))
	}
	name := func(own string) {
		if _, ok := to[own]; !ok && own != "" {
			to[own] = names.Fresh(own)
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
		t = wire.CloneTensor(t)
		t.Name = ir.Str(to[t.GetName()])
		g.Initializer = append(g.Initializer, t)
	}
	for _, v := range branch.GetValueInfo() {
		if name := to[v.GetName()]; name != "" && !slices.Contains(n.GetOutput(), name) {
			v = wire.Clone(v)
			v.Name = &name
			g.ValueInfo = append(g.ValueInfo, v)
		}
	}
	var nodes []ir.Node
	for _, inner := range branch.GetNode() {
		inner = wire.Clone(inner)
		for i, out := range inner.Output {
			if out != "" {
				inner.Output[i] = to[out]
			}
		}
		if inner.GetName() != "" {
			inner.Name = ir.Str(names.Fresh(inner.GetName()))
		}
		nodes = append(nodes, inner)
	}
	nodes = append(nodes, identities...)
	ir.Rewire(nodes, to)
	return nodes
}

// foldSizes makes constants of the sizes that are taken out of a Shape one by one and that the model declares, though
// it leaves others of the same tensor free. It reports whether there were any.
func foldSizes(g ir.Graph) (any bool) {
	dims, shapes, constants := make(map[string][]int64), make(map[string]ir.Node), make(map[string]ir.Tensor)
	for _, list := range [][]*onnxpb.ValueInfoProto{g.GetInput(), g.GetValueInfo()} {
		for _, v := range list {
			dims[v.GetName()] = ir.ValueOf(v).Dims
		}
	}
	for _, t := range g.GetInitializer() {
		constants[t.GetName()] = t
	}
	for i, n := range g.Node {
		if !ir.Standard(n) {
			continue
		}
		switch n.GetOpType() {
		case "Shape":
			if ir.Attr(n, "start") == nil && ir.Attr(n, "end") == nil {
				shapes[ir.Output(n, 0)] = n
			}
		case "Gather":
			shape, at := shapes[ir.Input(n, 0)], constants[ir.Input(n, 1)]
			if shape == nil || at == nil || ir.MustCount(at) != 1 || ir.AttrInt(n, "axis", 0) != 0 {
				continue
			}
			index, err := ir.Ints(at)
			size := dims[ir.Input(shape, 0)]
			if err != nil || index[0] < -int64(len(size)) || index[0] >= int64(len(size)) {
				continue
			}
			if index[0] < 0 {
				index[0] += int64(len(size))
			}
			if d := size[index[0]]; d > 0 {
				value := ir.NewInts("", ir.Int64, at.GetDims(), []int64{d})
				value.Name = nil
				g.Node[i] = ir.NewNode("Constant", n.GetName(), nil, n.GetOutput(), &onnxpb.AttributeProto{Name: ir.Str("value"), Type: onnxpb.AttributeProto_TENSOR.Enum(), T: value})
				any = true
			}
		}
	}
	return any
}
