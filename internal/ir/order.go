package ir

import (
	"container/heap"
	"fmt"
	"slices"
	"strings"

	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// scope has the names that a graph defines, and the scope of the graph around it.
type scope struct {
	own   map[string]bool
	outer *scope
}

// has reports whether a name is defined in the graph or in one around it.
func (s *scope) has(name string) bool {
	for ; s != nil; s = s.outer {
		if s.own[name] {
			return true
		}
	}
	return false
}

// checkGraph checks a graph and its subgraphs and sorts their nodes topologically, in place. outer has the names that
// the graph may read from outside. Errors are mistake.Err. The rules are those of the IR specification, Graphs and
// Names Within a Graph: all names that a graph defines are different, a node reads what is defined before it, in its
// graph or around it, and the graph has outputs. An initializer may have an input's name, whose default it is.
func checkGraph(g Graph, outer *scope, where string) error {
	own := make(map[string]bool)
	known := &scope{own, outer}
	for _, v := range g.GetInput() {
		if name := v.GetName(); name == "" || own[name] {
			return mistake.Errorf("%s: input %q has no name of its own", where, name)
		}
		own[v.GetName()] = true
	}
	constants := make(map[string]bool)
	define := func(t Tensor) error {
		name := t.GetName()
		if name == "" || constants[name] {
			return mistake.Errorf("%s: initializer %q has no name of its own", where, name)
		}
		constants[name], own[name] = true, true
		return nil
	}
	for _, t := range g.GetInitializer() {
		if err := define(t); err != nil {
			return err
		}
	}
	for _, t := range g.GetSparseInitializer() {
		if err := define(t.GetValues()); err != nil {
			return err
		}
	}
	if err := checkNodes(g.Node, known, where); err != nil {
		return err
	}
	for name := range own {
		if strings.IndexByte(name, 0) >= 0 { // the runtime would take what stands before it for the name
			return mistake.Errorf("%s: the name of tensor %q has a zero byte in it: export the model again", where, name)
		}
	}
	if len(g.GetOutput()) == 0 {
		return mistake.Errorf("%s has no output", where)
	}
	for _, v := range g.GetOutput() {
		if !known.has(v.GetName()) {
			return mistake.Errorf("%s: nothing makes its output %q", where, v.GetName())
		}
	}
	return nil
}

// checkFunction is checkGraph for a function of the model.
func checkFunction(f *onnxpb.FunctionProto) error {
	known := &scope{own: make(map[string]bool)}
	for _, in := range f.GetInput() {
		known.own[in] = true
	}
	where := fmt.Sprintf("function %q", f.GetName())
	if err := checkNodes(f.Node, known, where); err != nil {
		return err
	}
	for _, out := range f.GetOutput() {
		if !known.has(out) {
			return mistake.Errorf("%s: nothing makes its output %q", where, out)
		}
	}
	return nil
}

// checkNodes checks that every tensor has one producer and that there is no cycle, and sorts the nodes in place.
// known has the names that a node may read. checkNodes adds the outputs of the nodes to it.
func checkNodes(nodes []Node, known *scope, where string) error {
	producer := make(map[string]int)
	for i, n := range nodes {
		if n.GetOpType() == "" {
			return mistake.Errorf("%s: node %q has no operator", where, n.GetName())
		}
		for _, out := range n.GetOutput() {
			if out == "" {
				continue
			}
			if j, ok := producer[out]; ok {
				return mistake.Errorf("%s: %s and %s both make tensor %q", where, NodeName(nodes[j]), NodeName(n), out)
			}
			if known.own[out] {
				return mistake.Errorf("%s: %s makes tensor %q, which is an input or initializer", where, NodeName(n), out)
			}
			producer[out] = i
		}
	}
	waits := make([]int, len(nodes)) // nodes that must run before
	readers := make([][]int, len(nodes))
	sorted := true
	for i, n := range nodes {
		for _, in := range Reads(n) {
			j, made := producer[in]
			switch {
			case made:
				waits[i]++
				readers[j] = append(readers[j], i)
				sorted = sorted && j < i
			case !known.has(in):
				return mistake.Errorf("%s: %s reads tensor %q, which nothing makes", where, NodeName(n), in)
			}
		}
	}
	if !sorted {
		if err := sortNodes(nodes, waits, readers, where); err != nil {
			return err
		}
	}
	for out := range producer {
		known.own[out] = true
	}
	for _, n := range nodes {
		for _, g := range Subgraphs(n) {
			if err := checkGraph(g, known, where+": "+NodeName(n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// sortNodes sorts nodes topologically (Kahn, Topological sorting of large networks, CACM 5, 1962). Of the nodes that
// are ready, the one that was first in the file comes first.
func sortNodes(nodes []Node, waits []int, readers [][]int, where string) error {
	ready := new(intHeap)
	for i, w := range waits {
		if w == 0 {
			heap.Push(ready, i)
		}
	}
	var order []Node
	done := make([]bool, len(nodes))
	for ready.Len() > 0 {
		i := heap.Pop(ready).(int)
		order, done[i] = append(order, nodes[i]), true
		for _, r := range readers[i] {
			if waits[r]--; waits[r] == 0 {
				heap.Push(ready, r)
			}
		}
	}
	for i, ok := range done {
		if !ok {
			return mistake.Errorf("%s: %s is part of a cycle or waits for one", where, NodeName(nodes[i]))
		}
	}
	copy(nodes, order)
	return nil
}

// intHeap is a heap.Interface with the smallest number on top.
type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(v any)        { *h = append(*h, v.(int)) }
func (h *intHeap) Pop() any {
	old := *h
	v := old[len(old)-1]
	*h = old[:len(old)-1]
	return v
}

// Sorted returns the distinct numbers of a list in ascending order. It sorts the list in place and shares its memory.
func Sorted(list []int) []int {
	slices.Sort(list)
	return slices.Compact(list)
}
