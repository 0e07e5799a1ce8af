package onnx

import "fmt"

// Prepare makes a network of a model, which stays as it is: brings it to operator set Opset, puts the model's own
// functions in the place of their calls, folds constants, branches and BatchNormalization, opens
// recurrent operators where that is asked for, and finds the holders. Errors that match
// ErrInput name an operator that cannot be converted, is quantized already, computes in float16 or draws lots, or say that
// there is nothing to quantize.
func Prepare(m *Model, o Options) (*Network, error) {
	n := &Network{Model: m.Clone(), Weights: make(map[string]*Weight), Opset: m.OpsetOf("")}
	unroll := func(*Model) error { return n.unroll(o.Unroll) }
	steps := []func(*Model) error{
		constantInputs, convertOpset, inlineFunctions, refuseQuantized, foldConstants, foldBranches, unroll, refuseTraining, foldBatchNorm, refuseComputedHalf, refuseHalf,
	}
	for _, step := range steps {
		if err := step(n.Model); err != nil {
			return nil, m.in(err)
		}
	}
	var err error
	if n.Holders, n.Omitted, err = findHolders(n.Model, o); err != nil {
		return nil, m.in(err)
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
