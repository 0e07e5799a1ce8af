package prepare

import (
	"fmt"

	"example.org/demote/internal/affine"
	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/opset"
	"example.org/demote/internal/sites"
	"example.org/demote/internal/unroll"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
)

// Network makes a network from a model, which is not changed. It converts to operator set version Opset, inlines the
// model's own functions, folds constants, branches and BatchNormalization, unrolls recurrent operators if asked, and
// finds the activation quantizers (holders). Errors that match mistake.Err name an operator that cannot be converted,
// is already quantized, computes in float16 or is random, or say that there is nothing to quantize.
func Network(m *ir.Model, o network.Options) (*network.Network, error) {
	n := &network.Network{Model: m.Clone(), Weights: make(map[string]*network.Weight), Opset: m.OpsetOf("")}
	openRecurrent := func(*ir.Model) error { return unroll.Open(n, o.Unroll) }
	steps := []func(*ir.Model) error{
		variants.ConstantInputs, opset.Convert, opset.Inline, RefuseQuantized, fold.Constants, fold.Branches, openRecurrent, refuseTraining, affine.BatchNorm, RefuseComputedHalf, refuseHalf,
	}
	for _, step := range steps {
		if err := step(n.Model); err != nil {
			return nil, m.InFile(err)
		}
	}
	var err error
	if n.Holders, n.Omitted, err = sites.Find(n.Model, o); err != nil {
		return nil, m.InFile(err)
	}
	if len(n.Holders) == 0 {
		return nil, m.InFile(mistake.Errorf("no float activation to quantize: none of %d tensors has a holder", len(n.Omitted)))
	}
	for i, h := range n.Holders {
		if h.Index != i {
			panic(fmt.Sprintf("onnx: holder %q has index %d at place %d", h.Name, h.Index, i))
		}
	}
	return n, nil
}
