package onnx

import "slices"

// living are the nodes that an output of the network depends on, those in the bodies of If, Loop and Scan among them. What
// reads only the dimensions of a tensor does not need the node that makes it.
func living(m *Model) (map[node]bool, error) {
	x, err := NewIndex(m)
	if err != nil {
		return nil, err
	}
	f := &finder{Index: x, needed: make(map[string]bool), live: make(map[node]bool)}
	f.findNeeded()
	live := f.live
	var enter func(g graph)
	enter = func(g graph) {
		needed := make(map[string]bool)
		for _, v := range g.GetOutput() {
			needed[v.GetName()] = true
		}
		for _, n := range slices.Backward(g.GetNode()) {
			if is(n, shaping) || !slices.ContainsFunc(n.GetOutput(), func(t string) bool { return needed[t] }) {
				continue
			}
			live[n] = true
			for _, t := range reads(n) {
				needed[t] = true
			}
			for _, body := range subgraphs(n) {
				enter(body)
			}
		}
	}
	for _, n := range x.Nodes() {
		if live[n] {
			for _, body := range subgraphs(n) {
				enter(body)
			}
		}
	}
	return live, nil
}
