package rewrite

import (
	"fmt"
	"slices"
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// placeholder is the operator that replaces a FakeQuant while ONNX Runtime chooses layouts:
// element-wise and known to its blocked layout, as FakeQuant is not.
const placeholder = "Tanh"

const (
	placeholderName = "demote.holder." // and the holder: names of placeholder nodes
	blockedDomain   = "com.microsoft.nchwc"
)

// Blocked makes the same network with its FakeQuant nodes inside ONNX Runtime's blocked layout of the CPU. optimize
// loads a model with all optimizations and returns the path of the file that ONNX Runtime saves. Load the result with
// optimizations off, on the same processor and runtime version, and only if zero lies on every grid, since the layout
// pads channels with zeros. Average pooling stays outside the layout: in it, it would add in another order.
//
// The error says that a FakeQuant cannot be found in ONNX Runtime's file; m then runs as it is.
func Blocked(m *ir.Model, optimize func(*ir.Model) (path string, err error)) (*ir.Model, error) {
	nodes := make(map[int64]ir.Node) // by holder
	plain := m.Clone()
	g := plain.Graph()
	for i, n := range g.Node {
		if n.GetOpType() != ir.FakeQuantOp || n.GetDomain() != ir.FakeQuantDomain {
			continue
		}
		h := ir.AttrInt(n, "holder", -1)
		nodes[h] = n
		g.Node[i] = ir.NewNode(placeholder, fmt.Sprint(placeholderName, h), n.GetInput()[:1], n.GetOutput())
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("no FakeQuant to place")
	}
	g.Input = slices.DeleteFunc(g.Input, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == ir.MaskInput })
	path, err := optimize(plain)
	if err != nil {
		return nil, err
	}
	out, err := ir.ReadOptimized(path)
	if err != nil {
		return nil, fmt.Errorf("the optimized model cannot be read: %w", err)
	}
	p := out.Proto
	out.Dir, out.Path = m.Dir, m.Path
	if err := placeFakeQuants(out, nodes); err != nil {
		return nil, err
	}
	unblockPools(out, m.ValueInfos())
	for _, v := range m.Graph().GetInput() {
		if v.GetName() == ir.MaskInput {
			p.Graph.Input = append(p.Graph.Input, v)
		}
	}
	p.OpsetImport = ir.SetOpset(p.OpsetImport, ir.FakeQuantDomain, 1)
	return out, nil
}

// placeFakeQuants puts the FakeQuant nodes back in place of their placeholders: a node
// of its own, or an activation inside another one.
func placeFakeQuants(m *ir.Model, nodes map[int64]ir.Node) error {
	byOutput := make(map[string]int64)
	for h, n := range nodes {
		byOutput[ir.Output(n, 0)] = h
	}
	g := m.Graph()
	placed := make(map[int64]bool)
	place := func(h int64, x, y string) (ir.Node, error) {
		if placed[h] {
			return nil, fmt.Errorf("holder %d stands twice in the optimized model", h)
		}
		placed[h] = true
		n := wire.Clone(nodes[h])
		n.Input, n.Output = []string{x, ir.MaskInput}, []string{y}
		return n, nil
	}
	var all []ir.Node
	for _, n := range g.Node {
		var h int64
		if _, err := fmt.Sscanf(n.GetName(), placeholderName+"%d", &h); err == nil && n.GetOpType() == placeholder {
			fq, err := place(h, ir.Input(n, 0), ir.Output(n, 0))
			if err != nil {
				return err
			}
			all = append(all, fq)
			continue
		}
		all = append(all, n)
		if ir.AttrString(n, "activation", "") != placeholder {
			continue
		}
		h, ok := byOutput[ir.Output(n, 0)]
		if !ok {
			if h, ok = byOutput[strings.TrimSuffix(n.GetName(), "_nchwc")]; !ok {
				continue // the network's own
			}
		}
		ir.DropAttr(n, "activation")
		ir.DropAttr(n, "activation_params")
		if n.GetOpType() == "FusedGemm" { // which has no form without an activation
			n.OpType, n.Domain = ir.Str("Gemm"), nil
		}
		y := ir.Output(n, 0)
		n.Output[0] = y + ":raw"
		fq, err := place(h, n.Output[0], y)
		if err != nil {
			return err
		}
		all = append(all, fq)
	}
	if len(placed) != len(nodes) {
		return fmt.Errorf("%d of %d holders are found in the optimized model", len(placed), len(nodes))
	}
	g.Node = all
	return nil
}

// unblockPools takes average pools out of the blocked layout: the input is put into the ordinary
// one, pooled there, and put back for those who read it blocked. info knows the ordinary tensors.
func unblockPools(m *ir.Model, info map[string]*onnxpb.ValueInfoProto) {
	g := m.Graph()
	plain := make(map[string]string) // blocked tensor -> the ordinary one that is made from it
	for _, n := range g.Node {
		if n.GetDomain() == blockedDomain && n.GetOpType() == "ReorderOutput" {
			plain[ir.Input(n, 0)] = ir.Output(n, 0)
		}
	}
	reorder := func(op, name, x, y string, attrs ...*onnxpb.AttributeProto) ir.Node {
		n := ir.NewNode(op, name, []string{x}, []string{y}, append(attrs, ir.IntAttr("channels_last", 0))...)
		n.Domain = ir.Str(blockedDomain)
		return n
	}
	var all []ir.Node
	for _, n := range g.Node {
		op := n.GetOpType()
		if n.GetDomain() != blockedDomain || op != "GlobalAveragePool" && op != "AveragePool" {
			all = append(all, n)
			continue
		}
		x, y := ir.Input(n, 0), ir.Output(n, 0)
		if plain[x] == "" {
			plain[x] = x + ":plain"
			channels := int64(0) // unknown: the model will not load
			if dims := ir.ValueOf(info[strings.TrimSuffix(n.GetName(), "_nchwc")]).Dims; len(dims) == 4 {
				channels = dims[1]
			}
			all = append(all, reorder("ReorderOutput", n.GetName()+":in", x, plain[x], ir.IntAttr("channels", channels)))
		}
		n.Domain, n.Input, n.Output = nil, []string{plain[x]}, []string{y + ":plain"}
		all = append(all, n, reorder("ReorderInput", n.GetName()+":out", y+":plain", y))
	}
	g.Node = all
	joinReorders(m)
}

// joinReorders lets those who read a tensor that was blocked only to be unblocked read the original,
// and drops the reorders that nothing reads any more.
func joinReorders(m *ir.Model) {
	g := m.Graph()
	from := make(map[string]string) // blocked tensor -> the ordinary one it was made from
	for _, n := range g.Node {
		if n.GetDomain() == blockedDomain && n.GetOpType() == "ReorderInput" {
			from[ir.Output(n, 0)] = ir.Input(n, 0)
		}
	}
	same := make(map[string]string)
	isOutput := make(map[string]bool)
	for _, v := range g.Output {
		isOutput[v.GetName()] = true
	}
	for _, n := range g.Node {
		if src, ok := from[ir.Input(n, 0)]; ok && n.GetDomain() == blockedDomain && n.GetOpType() == "ReorderOutput" && !isOutput[ir.Output(n, 0)] {
			same[ir.Output(n, 0)] = src
		}
	}
	for _, n := range g.Node {
		for i, t := range n.Input {
			if src, ok := same[t]; ok {
				n.Input[i] = src
			}
		}
	}
	for {
		read := make(map[string]bool)
		for _, n := range g.Node {
			for _, t := range ir.Reads(n) {
				read[t] = true
			}
		}
		before := len(g.Node)
		g.Node = slices.DeleteFunc(g.Node, func(n ir.Node) bool {
			return n.GetDomain() == blockedDomain && strings.HasPrefix(n.GetOpType(), "Reorder") && !read[ir.Output(n, 0)] && !isOutput[ir.Output(n, 0)]
		})
		if len(g.Node) == before {
			return
		}
	}
}
