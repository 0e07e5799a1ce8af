package pair

import (
	"bytes"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// matching lays two graphs without quantizers on each other. Nodes match that have the same operator, attributes and
// matched operands, constants aside; where that fails, nodes of the same name and operator. An Add or Pad with a
// constant, which shift-negative correction puts into one file, is looked through.
type matching struct {
	low, high *ir.Index
	id        map[string]int   // tensor of high -> number
	tensors   map[int][]string // number -> tensors of low
	lowID     map[string]int
	taken     map[ir.Node]bool // nodes of low
	byName    map[string]ir.Node
	pairs     []nodePair
	first     string // the first difference
}

type nodePair struct{ low, high ir.Node }

func match(low, high *ir.Index, inputs []ir.Value) *matching {
	m := &matching{low: low, high: high, id: make(map[string]int), tensors: make(map[int][]string), lowID: make(map[string]int),
		taken: make(map[ir.Node]bool), byName: make(map[string]ir.Node)}
	for _, v := range inputs {
		m.join(v.Name, v.Name)
	}
	for _, n := range low.Nodes() {
		if n.GetName() != "" {
			m.byName[n.GetName()] = n
		}
	}
	for _, h := range high.Nodes() {
		l := m.partner(h)
		if l == nil {
			m.differ("%s is only in the 16-bit file", ir.NodeName(h))
			if t := m.through(high, h); t != "" {
				m.id[ir.Output(h, 0)] = m.id[t]
			}
			continue
		}
		m.taken[l] = true
		m.pairs = append(m.pairs, nodePair{l, h})
		for i := range h.GetOutput() {
			if i < len(l.GetOutput()) {
				m.join(l.GetOutput()[i], h.GetOutput()[i])
			}
		}
	}
	for _, l := range low.Nodes() {
		if !m.taken[l] {
			m.differ("%s is only in the 8-bit file", ir.NodeName(l))
		}
	}
	return m
}

func (m *matching) differ(format string, args ...any) {
	if m.first == "" {
		m.first = fmt.Sprintf(format, args...)
	}
}

// join gives a tensor of each graph the same number.
func (m *matching) join(low, high string) {
	id := len(m.tensors) + 1
	m.id[high], m.lowID[low] = id, id
	m.tensors[id] = []string{low}
}

// partner returns the node of low that a node of high matches, or nil.
func (m *matching) partner(h ir.Node) ir.Node {
	for {
		if l := m.equal(h); l != nil {
			return l
		}
		if !m.lookThrough(h) {
			break
		}
	}
	l := m.byName[h.GetName()]
	if l == nil || m.taken[l] || l.GetOpType() != h.GetOpType() || m.through(m.high, h) != "" {
		return nil
	}
	if !m.same(l, h) { // equal nodes whose operands are all constants are found by their name alone
		m.differ("%s: %s", ir.NodeName(h), m.reason(l, h))
	}
	return l
}

// equal returns the first free node that has h's operator, attributes and operands; one of its name goes before the
// others.
func (m *matching) equal(h ir.Node) ir.Node {
	var best ir.Node
	seen := make(map[ir.Node]bool)
	for _, in := range h.GetInput() {
		for _, t := range m.tensors[m.id[in]] {
			for _, l := range m.low.Consumers(t) {
				if m.taken[l] || seen[l] || !m.same(l, h) {
					continue
				}
				seen[l] = true
				if best == nil || l.GetName() == h.GetName() {
					best = l
				}
			}
		}
	}
	return best
}

func (m *matching) same(l, h ir.Node) bool {
	return l.GetOpType() == h.GetOpType() && l.GetDomain() == h.GetDomain() && m.operand(l, h) < 0 && otherAttribute(l, h) == ""
}

// operand returns the first input in which two nodes differ, -1 for none.
func (m *matching) operand(l, h ir.Node) int {
	for i := range max(len(l.GetInput()), len(h.GetInput())) {
		a, b := ir.Input(l, i), ir.Input(h, i)
		if (a == "") != (b == "") || (m.low.Constant(a) != nil) != (m.high.Constant(b) != nil) {
			return i
		}
		if a != "" && m.low.Constant(a) == nil && (m.lowID[a] != m.id[b] || m.id[b] == 0) {
			return i
		}
	}
	return -1
}

// lookThrough gives the output of an Add or Pad that only low has the number of its operand, and reports whether
// there was one among the readers of h's operands.
func (m *matching) lookThrough(h ir.Node) bool {
	for _, in := range h.GetInput() {
		id := m.id[in]
		for _, t := range m.tensors[id] {
			for _, l := range m.low.Consumers(t) {
				if out := ir.Output(l, 0); !m.taken[l] && m.lowID[out] == 0 && m.through(m.low, l) == t {
					m.taken[l] = true
					m.differ("%s is only in the 8-bit file", ir.NodeName(l))
					m.lowID[out] = id
					m.tensors[id] = append(m.tensors[id], out)
					return true
				}
			}
		}
	}
	return false
}

// through returns the one computed operand of an Add of a constant or of a Pad, "" for other nodes.
func (m *matching) through(x *ir.Index, n ir.Node) string {
	if !ir.Standard(n) || len(n.GetOutput()) != 1 {
		return ""
	}
	computed := slices.DeleteFunc(slices.Clone(n.GetInput()), func(t string) bool { return t == "" || x.Constant(t) != nil })
	switch {
	case len(computed) != 1:
		return ""
	case n.GetOpType() == "Add" || n.GetOpType() == "Pad":
		return computed[0]
	}
	return ""
}

// reason says in what two nodes of one name differ.
func (m *matching) reason(l, h ir.Node) string {
	if a := otherAttribute(l, h); a != "" {
		return fmt.Sprintf("attribute %q is %s in the 8-bit file and %s in the 16-bit file", a, attrText(ir.Attr(l, a)), attrText(ir.Attr(h, a)))
	}
	i := m.operand(l, h)
	return fmt.Sprintf("input %d is %q in the 8-bit file and %q in the 16-bit file, which are made in different ways", i, ir.Input(l, i), ir.Input(h, i))
}

// otherAttribute names an attribute in which two nodes differ, "" for none.
func otherAttribute(l, h ir.Node) string {
	for _, a := range h.GetAttribute() {
		if !sameAttribute(ir.Attr(l, a.GetName()), a) {
			return a.GetName()
		}
	}
	for _, a := range l.GetAttribute() {
		if ir.Attr(h, a.GetName()) == nil {
			return a.GetName()
		}
	}
	return ""
}

func sameAttribute(a, b *onnxpb.AttributeProto) bool {
	if a == nil || b == nil {
		return a == b
	}
	o := proto.MarshalOptions{Deterministic: true}
	x, errX := o.Marshal(a)
	y, errY := o.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// attrText is an attribute's value in a message.
func attrText(a *onnxpb.AttributeProto) string {
	switch a.GetType() {
	case onnxpb.AttributeProto_INT:
		return fmt.Sprint(a.GetI())
	case onnxpb.AttributeProto_INTS:
		return fmt.Sprint(a.GetInts())
	case onnxpb.AttributeProto_FLOAT:
		return fmt.Sprint(a.GetF())
	case onnxpb.AttributeProto_STRING:
		return fmt.Sprintf("%q", a.GetS())
	}
	if a == nil {
		return "absent"
	}
	return "another " + a.GetType().String()
}
