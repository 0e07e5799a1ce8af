package onnx

import "strconv"

// names makes new names for tensors and nodes of a model.
type names struct {
	used map[string]bool
	next map[string]int // by name, the first number that may be new: names are never given back
}

// newNames collects every name of the main graph and of the graphs in it.
func newNames(g graph) *names {
	s := &names{make(map[string]bool), make(map[string]int)}
	s.collect(g)
	return s
}

func (s *names) collect(g graph) {
	for name := range defined(g) {
		s.used[name] = true
	}
	for _, n := range g.GetNode() {
		s.used[n.GetName()] = true
		for _, in := range n.GetInput() {
			s.used[in] = true
		}
		for _, sub := range subgraphs(n) {
			s.collect(sub)
		}
	}
}

// fresh returns the name, or the name with the first number that makes it new, and takes it.
func (s *names) fresh(name string) string {
	out := name
	for i := s.next[name]; s.used[out]; {
		i++
		out = name + "_" + strconv.Itoa(i)
		s.next[name] = i
	}
	s.used[out] = true
	return out
}

// rewire lets nodes read other tensors: to[old] is the new name. Subgraphs that take a tensor from outside follow; names
// that a subgraph defines itself are its own.
func rewire(nodes []node, to map[string]string) {
	for _, n := range nodes {
		for i, in := range n.Input {
			if name, ok := to[in]; ok {
				n.Input[i] = name
			}
		}
		for _, g := range subgraphs(n) {
			rewireGraph(g, to)
		}
	}
}

func rewireGraph(g graph, to map[string]string) {
	own := defined(g)
	inner := make(map[string]string)
	for _, name := range captures(g) {
		if new, ok := to[name]; ok && !own[name] {
			inner[name] = new
		}
	}
	if len(inner) == 0 {
		return
	}
	rewire(g.Node, inner)
	for _, v := range g.Output { // an output that is a tensor from outside; branches hand over by position
		if new, ok := inner[v.GetName()]; ok {
			v.Name = &new
		}
	}
}
