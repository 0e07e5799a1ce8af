package onnx

import (
	"fmt"
	"slices"
)

// Prepare makes a network of a model, which stays as it is: brings it to operator set Opset, puts the model's own functions in
// the place of their calls, folds constants and BatchNormalization, and finds the holders. Errors that match ErrInput name an
// operator that cannot be converted, a network that computes in float16, or say that there is nothing to quantize.
func Prepare(m *Model, o Options) (*Network, error) {
	n := &Network{Model: m.Clone(), Weights: make(map[string]*Weight), Opset: m.OpsetOf("")}
	steps := []func(*Model) error{
		constantInputs, convertOpset, inlineFunctions, foldConstants, foldBatchNorm, refuseHalf,
	}
	for _, step := range steps {
		if err := step(n.Model); err != nil {
			return nil, m.in(err)
		}
	}
	var err error
	if n.Holders, n.Omitted, err = findHolders(n.Model); err != nil {
		return nil, m.in(err)
	}
	if o.OutputHolder {
		if err := n.addOutputHolders(); err != nil {
			return nil, m.in(err)
		}
	}
	if len(n.Holders) == 0 {
		return nil, m.in(badf("no float activation to quantize: none of %d tensors has a holder", len(n.Omitted)))
	}
	for i, h := range n.Holders {
		if h.Index != i {
			panic(fmt.Sprintf("onnx: holder %q has index %d at place %d", h.Name, h.Index, i))
		}
	}
	return n, nil
}

// addOutputHolders makes holders of the graph's float outputs that a node makes and that have none.
func (n *Network) addOutputHolders() error {
	x, err := NewIndex(n.Model)
	if err != nil {
		return err
	}
	has := make(map[string]bool)
	for _, h := range n.Holders {
		has[h.Tensor] = true
	}
	for _, v := range n.Model.Outputs() {
		producer := x.Producer(v.Name)
		if producer == nil || has[v.Name] || x.Type(v.Name) != Float {
			continue
		}
		has[v.Name] = true
		h := Holder{Name: v.Name, Tensor: v.Name, Producer: producer.GetName(), Op: producer.GetOpType()}
		for _, c := range x.Consumers(v.Name) {
			h.Consumers = append(h.Consumers, c.GetName())
		}
		n.Holders = append(n.Holders, h)
		n.Omitted = slices.DeleteFunc(n.Omitted, func(o Omitted) bool { return o.Tensor == v.Name })
	}
	place := func(h Holder) int { // inputs first, then node order
		if p := x.Producer(h.Tensor); p != nil {
			return x.Order(p)
		}
		return -1
	}
	slices.SortStableFunc(n.Holders, func(a, b Holder) int { return place(a) - place(b) })
	for i := range n.Holders {
		n.Holders[i].Index = i
	}
	return nil
}
