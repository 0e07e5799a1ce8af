package sites

import (
	"slices"

	"example.org/demote/internal/ir"
)

// LiveNodes returns the nodes that an output of the network depends on, also those in the bodies of If, Loop and Scan.
// A node that reads only the dimensions of a tensor does not need the node that makes it. An error is one of the graph,
// see ir.NewIndex.
func LiveNodes(m *ir.Model) (map[ir.Node]bool, error) {
	x, err := ir.NewIndex(m)
	if err != nil {
		return nil, err
	}
	f := &finder{Index: x, needed: make(map[string]bool), live: make(map[ir.Node]bool)}
	f.findNeeded()
	live := f.live
	var enter func(g ir.Graph)
	enter = func(g ir.Graph) {
		needed := make(map[string]bool)
		for _, v := range g.GetOutput() {
			needed[v.GetName()] = true
		}
		for _, n := range slices.Backward(g.GetNode()) {
			if ir.Is(n, ir.Shaping) || !slices.ContainsFunc(n.GetOutput(), func(t string) bool { return needed[t] }) {
				continue
			}
			live[n] = true
			for _, t := range ir.Reads(n) {
				needed[t] = true
			}
			for _, body := range ir.Subgraphs(n) {
				enter(body)
			}
		}
	}
	for _, n := range x.Nodes() {
		if live[n] {
			for _, body := range ir.Subgraphs(n) {
				enter(body)
			}
		}
	}
	return live, nil
}
