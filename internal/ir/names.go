package ir

import (
	"slices"
	"strconv"
)

// Names makes new names for tensors and nodes of a model.
type Names struct {
	used map[string]bool
	next map[string]int // by name, the first number that may be new: names are never given back
}

// NewNames collects every name of the main graph and of the graphs in it.
func NewNames(g Graph) *Names {
	s := &Names{make(map[string]bool), make(map[string]int)}
	s.collect(g)
	return s
}

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

// Fresh returns the name, or the name with the first number that makes it new, and takes it.
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

// Rewire lets nodes read other tensors: to[old] is the new name. Subgraphs that take a tensor from outside follow; names
// that a subgraph defines itself are its own.
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

// Label names a node: some exporters leave the name out, then its first output stands for it.
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
