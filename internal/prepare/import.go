package prepare

import (
	"errors"
	"slices"

	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/opset"
	"example.org/demote/internal/shapes"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
)

// Imported returns the network of a file that is already quantized: a copy of the model at operator set version Opset,
// without functions, its quantizers still in place. Errors are mistakes of the user that name the node.
func Imported(m *ir.Model) (*network.Network, error) {
	n := &network.Network{Model: m.Clone(), Opset: m.OpsetOf("")}
	for _, step := range []func(*ir.Model) error{variants.ConstantInputs, opset.Convert, opset.Inline, refuseTraining, noQuantizersInside, oneKind} {
		if err := step(n.Model); err != nil {
			return nil, err
		}
	}
	if err := fold.Constants(n.Model.Clone()); errors.Is(err, fold.ErrConstants) {
		return nil, err
	}
	return n, nil
}

// oneKind refuses a file with quantizers of both formats: each reader would treat the other format's quantizers as
// ordinary operators.
func oneKind(m *ir.Model) error {
	var toolkit, linear ir.Node
	for _, n := range m.Graph().GetNode() {
		switch {
		case ir.IsMCTQ(n):
			toolkit = n
		case ir.IsQ(n) || ir.IsDQ(n):
			linear = n
		}
	}
	if toolkit != nil && linear != nil {
		return mistake.Errorf("%s of %s and %s are in one file: export in one format", ir.NodeName(toolkit), ir.MCTQDomain, ir.NodeName(linear))
	}
	return nil
}

// FoldWeights folds all nodes that depend on constants alone (computes them once, and stores their outputs as
// constants). It then sets n.Weights to the weights that are still in the network. A weight behind a Transpose that was
// folded is transposed too.
func FoldWeights(n *network.Network, weights map[string]*network.Weight) error {
	moved, err := transposed(n.Model, weights)
	if err != nil {
		return err
	}
	for _, step := range []func(*ir.Model) error{fold.Constants, refuseHalf} {
		if err := step(n.Model); err != nil {
			return err
		}
	}
	n.Weights = make(map[string]*network.Weight)
	for _, t := range n.Model.Graph().GetInitializer() {
		name := t.GetName()
		for _, w := range []*network.Weight{weights[name], moved[name]} {
			if w != nil && slices.Equal(w.Dims, t.GetDims()) {
				n.Weights[name] = w
			}
		}
	}
	return nil
}

// noQuantizersInside refuses quantizers in the bodies of If, Loop and Scan, which cannot be holders.
func noQuantizersInside(m *ir.Model) error {
	var look func(where string, nodes []ir.Node) error
	look = func(where string, nodes []ir.Node) error {
		for _, n := range nodes {
			if where != "" && (ir.IsMCTQ(n) || ir.IsQ(n) || ir.IsDQ(n)) {
				return mistake.Errorf("%s stands inside %s: a quantizer in a subgraph cannot become a holder; export the network without control flow", ir.NodeName(n), where)
			}
			for _, g := range ir.Subgraphs(n) {
				if err := look(ir.NodeName(n), g.GetNode()); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return look("", m.Graph().GetNode())
}

// transposed returns the outputs of the Transpose nodes that read weights, by tensor name.
func transposed(m *ir.Model, weights map[string]*network.Weight) (map[string]*network.Weight, error) {
	out := make(map[string]*network.Weight)
	for _, n := range m.Graph().GetNode() {
		w := weights[ir.Input(n, 0)]
		if w == nil || !ir.Standard(n) || n.GetOpType() != "Transpose" {
			continue
		}
		perm := ir.Attr(n, "perm").GetInts()
		if perm == nil {
			for i := range w.Dims {
				perm = append(perm, int64(len(w.Dims)-1-i))
			}
		}
		if !shapes.IsPermutation(perm, len(w.Dims)) {
			return nil, mistake.Errorf("%s: attribute \"perm\" is %v for %d dimensions", ir.NodeName(n), perm, len(w.Dims))
		}
		out[ir.Output(n, 0)] = transpose(w, ir.Output(n, 0), perm)
	}
	return out, nil
}

// transpose returns the weight with its axes in another order.
func transpose(w *network.Weight, name string, perm []int64) *network.Weight {
	t := &network.Weight{Tensor: name, Axis: -1, Width: w.Width, Scales: w.Scales}
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
	t.Codes, t.Wide = moved(w.Codes, t.Dims, perm, stride), moved(w.Wide, t.Dims, perm, stride)
	return t
}

// moved are codes in the order that a Transpose by perm gives them, in a tensor of dimensions dims. stride is of the
// axes before it.
func moved[T int8 | int16](codes []T, dims, perm []int64, stride []int) []T {
	out := make([]T, len(codes))
	at := make([]int64, len(perm))
	for i := range out {
		from := 0
		for d, p := range perm {
			from += int(at[d]) * stride[p]
		}
		out[i] = codes[from]
		for d := len(at) - 1; d >= 0; d-- {
			if at[d]++; at[d] < dims[d] {
				break
			}
			at[d] = 0
		}
	}
	return out
}
