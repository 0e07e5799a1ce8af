package ir

import (
	"slices"
	"strconv"
)

// Names makes unused names for tensors and nodes of a model. Tensors and nodes have name spaces of their own (IR
// specification, Names Within a Graph); here both share one, so that a name is never read for the other.
type Names struct {
	used map[string]bool
	next map[string]int // by name, the first number that may be new: names are never given back
}

// NewNames collects every name of a graph and of its subgraphs, whose bodies must not define a name of the graph
// again. Names that are added to the graph later, without Fresh, are not known to it.
func NewNames(g Graph) *Names {
	s := &Names{make(map[string]bool), make(map[string]int)}
	s.collect(g)
	return s
}

// collect adds the names of tensors and nodes of a graph and of its bodies.
func (s *Names) collect(g Graph) {
	for name := range Defined(g) {
		s.used[name] = true
	}
	for _, n := range g.GetNode() {
		s.used[n.GetName()] = true
		for _, in := range n.GetInput() {
			s.used[in] = true
		}
		for _, sub := range Subgraphs(n) {
			s.collect(sub)
		}
	}
}

// Fresh returns an unused name and marks it as used: name itself, or name_1, name_2 and so on.
func (s *Names) Fresh(name string) string {
	out := name
	for i := s.next[name]; s.used[out]; {
		i++
		out = name + "_" + strconv.Itoa(i)
		s.next[name] = i
	}
	s.used[out] = true
	return out
}

// Rewire changes, in place, the tensors that nodes read: to[old] is the new name. Each name is changed once, so that to
// may swap two. It also changes the names that subgraphs take from outside, but not the names that a subgraph defines.
func Rewire(nodes []Node, to map[string]string) {
	for _, n := range nodes {
		for i, in := range n.Input {
			if name, ok := to[in]; ok {
				n.Input[i] = name
			}
		}
		for _, g := range Subgraphs(n) {
			rewireGraph(g, to)
		}
	}
}

// rewireGraph is Rewire for a body: it changes only the names that the body takes from outside.
func rewireGraph(g Graph, to map[string]string) {
	own := Defined(g)
	inner := make(map[string]string)
	for _, name := range captures(g) {
		if new, ok := to[name]; ok && !own[name] {
			inner[name] = new
		}
	}
	if len(inner) == 0 {
		return
	}
	Rewire(g.Node, inner)
	for _, v := range g.Output { // an output that is a tensor from outside; branches hand over by position
		if new, ok := inner[v.GetName()]; ok {
			v.Name = &new
		}
	}
}

// Label returns the name of a node or, if the exporter left it out, its first output or its operator.
func Label(n Node) string {
	if n.GetName() != "" {
		return n.GetName()
	}
	i := slices.IndexFunc(n.GetOutput(), func(s string) bool { return s != "" })
	if i < 0 {
		return n.GetOpType()
	}
	return n.GetOutput()[i]
}
