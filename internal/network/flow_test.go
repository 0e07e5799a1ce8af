package network_test

import (
	"reflect"
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
)

// TestFlow follows values through operators without holders, to both branches of a residual, from weights with a
// holder, and not through shapes.
func TestFlow(t *testing.T) {
	m := onnxtest.NewNet(21, 1, 4).
		Node("Relu", []string{"x"}, []string{"a"}).
		Node("Sigmoid", []string{"a"}, []string{"gate"}).
		Node("Mul", []string{"a", "gate"}, []string{"b"}).
		Node("Shape", []string{"a"}, []string{"size"}).
		Node("Reshape", []string{"b", "size"}, []string{"flat"}).
		Node("Add", []string{"flat", "x"}, []string{"c"}).
		Output("c").Model(t)
	n := &network.Network{Model: m, Holders: []network.Holder{{Tensor: "x"}, {Tensor: "a"}, {Tensor: "b"}, {Tensor: "c"}}}
	want := []network.Flow{{}, {From: []int{0}, Ops: []string{"Relu"}}, {From: []int{1}, Ops: []string{"Sigmoid", "Mul"}},
		{From: []int{0, 2}, Ops: []string{"Shape", "Reshape", "Add"}}}
	if got := n.Flow(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	// weights, of Relu and Add for once
	n.Holders = append(n.Holders, network.Holder{Tensor: "w", Index: 4, Weights: &network.HeldWeights{Places: []network.WeightInput{{Output: "a", Input: 1}, {Output: "c", Input: 1}}}})
	want[1].From, want[3].From = []int{0, 4}, []int{0, 2, 4}
	want = append(want, network.Flow{})
	if got := n.Flow(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	if inputs := m.Inputs(); len(inputs) != 1 || inputs[0].Name != "x" {
		t.Errorf("the network has the inputs %v", inputs)
	}
}
