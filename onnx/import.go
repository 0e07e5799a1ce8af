package onnx

import (
	"errors"
	"slices"

	"demote/quant"
)

// ReadQuantized makes a network of a file that is quantized already: ReadMCTQ for one with the Model Compression Toolkit's
// quantizers, whose grids follow the formula, else ReadQDQ, whose formula is always QDQ. A file without any quantizer is the
// error of ReadQDQ, which explains how a 16-bit export loses its holders.
func ReadQuantized(m *Model, formula quant.Formula) (*Network, []quant.Grid, error) {
	if m.IsMCTQ() {
		return ReadMCTQ(m, formula)
	}
	return ReadQDQ(m)
}

// imported begins the network of a file that is already quantized: a copy of the model at operator set Opset without functions,
// its quantizers still in place.
func imported(m *Model) (*Network, error) {
	n := &Network{Model: m.Clone(), Opset: m.OpsetOf("")}
	for _, step := range []func(*Model) error{constantInputs, convertOpset, inlineFunctions, refuseTraining, noQuantizersInside, oneKind} {
		if err := step(n.Model); err != nil {
			return nil, err
		}
	}
	if err := foldConstants(n.Model.Clone()); errors.Is(err, errConstants) {
		return nil, err
	}
	return n, nil
}

// oneKind refuses a file with quantizers of both kinds: each reader would take the other's for operators that compute.
func oneKind(m *Model) error {
	var toolkit, linear node
	for _, n := range m.Graph().GetNode() {
		switch {
		case isMCTQ(n):
			toolkit = n
		case isQ(n) || isDQ(n):
			linear = n
		}
	}
	if toolkit != nil && linear != nil {
		return badf("%s of %s and %s are in one file: export in one format", nodeName(toolkit), mctqDomain, nodeName(linear))
	}
	return nil
}

// settle folds what hangs on the weights, which are floats again, and keeps those that are still there, followed through Transpose
// nodes that folding computes.
func (n *Network) settle(weights map[string]*Weight) error {
	moved, err := transposed(n.Model, weights)
	if err != nil {
		return err
	}
	for _, step := range []func(*Model) error{foldConstants, refuseHalf} {
		if err := step(n.Model); err != nil {
			return err
		}
	}
	n.Weights = make(map[string]*Weight)
	for _, t := range n.Model.Graph().GetInitializer() {
		name := t.GetName()
		for _, w := range []*Weight{weights[name], moved[name]} {
			if w != nil && slices.Equal(w.Dims, t.GetDims()) {
				n.Weights[name] = w
			}
		}
	}
	return nil
}

// noQuantizersInside refuses quantizers in the bodies of If, Loop and Scan, where no holder can be.
func noQuantizersInside(m *Model) error {
	var look func(where string, nodes []node) error
	look = func(where string, nodes []node) error {
		for _, n := range nodes {
			if where != "" && (isMCTQ(n) || isQ(n) || isDQ(n)) {
				return badf("%s stands inside %s: a quantizer in a subgraph cannot become a holder; export the network without control flow", nodeName(n), where)
			}
			for _, g := range subgraphs(n) {
				if err := look(nodeName(n), g.GetNode()); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return look("", m.Graph().GetNode())
}

// transposed returns the weights behind Transpose nodes that read weights.
func transposed(m *Model, weights map[string]*Weight) (map[string]*Weight, error) {
	out := make(map[string]*Weight)
	for _, n := range m.Graph().GetNode() {
		w := weights[input(n, 0)]
		if w == nil || !standard(n) || n.GetOpType() != "Transpose" {
			continue
		}
		perm := attr(n, "perm").GetInts()
		if perm == nil {
			for i := range w.Dims {
				perm = append(perm, int64(len(w.Dims)-1-i))
			}
		}
		if !isPermutation(perm, len(w.Dims)) {
			return nil, badf("%s: attribute \"perm\" is %v for %d dimensions", nodeName(n), perm, len(w.Dims))
		}
		out[output(n, 0)] = w.transpose(output(n, 0), perm)
	}
	return out, nil
}

func isPermutation(perm []int64, rank int) bool {
	sorted := slices.Clone(perm)
	slices.Sort(sorted)
	for i, p := range sorted {
		if p != int64(i) {
			return false
		}
	}
	return len(perm) == rank
}

// transpose returns the weight with its axes in another order.
func (w *Weight) transpose(name string, perm []int64) *Weight {
	t := &Weight{Tensor: name, Axis: -1, Codes: make([]int8, len(w.Codes)), Scales: w.Scales}
	stride := make([]int, len(w.Dims)) // of w
	step := 1
	for i := len(w.Dims) - 1; i >= 0; i-- {
		stride[i] = step
		step *= int(w.Dims[i])
	}
	for i, p := range perm {
		t.Dims = append(t.Dims, w.Dims[p])
		if int(p) == w.Axis {
			t.Axis = i
		}
	}
	at := make([]int64, len(perm))
	for i := range t.Codes {
		from := 0
		for d, p := range perm {
			from += int(at[d]) * stride[p]
		}
		t.Codes[i] = w.Codes[from]
		for d := len(at) - 1; d >= 0; d-- {
			if at[d]++; at[d] < t.Dims[d] {
				break
			}
			at[d] = 0
		}
	}
	return t
}
