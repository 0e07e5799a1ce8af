package run

import (
	"fmt"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// inOrder are samples for a network that declares the same inputs in another order.
type inOrder struct {
	backend.Samples
	numbers []int // of the samples' inputs, by the network's
}

// inOrderOf finds the samples' inputs by the names of a network's.
func inOrderOf(samples backend.Samples, own, network []backend.Tensor) backend.Samples {
	o := inOrder{Samples: samples}
	for _, t := range network {
		o.numbers = append(o.numbers, slices.IndexFunc(own, func(u backend.Tensor) bool { return u.Name == t.Name }))
	}
	if slices.Contains(o.numbers, -1) {
		return samples // inputs of other names, by their places
	}
	return o
}

func (o inOrder) Read(input, sample int, dst []byte) error {
	return o.Samples.Read(o.numbers[input], sample, dst)
}

// sameTypes sees that a reference takes the samples as they are read for the file. One that takes them in another floating-point type
// computes in float32 from then on; any other type is refused.
func (p *prepared) sameTypes(c Config, reference *onnx.Model) error {
	for i, v := range reference.Inputs() {
		at := slices.IndexFunc(p.inputs, func(t backend.Tensor) bool { return t.Name == v.Name })
		if at < 0 {
			at = i // by its place, see inOrderOf
		}
		if at >= len(p.inputs) || ir.DType(p.inputs[at].Type) == v.Type {
			continue
		}
		own, other := strings.ToLower(ir.DType(p.inputs[at].Type).String()), strings.ToLower(v.Type.String())
		if ir.DType(p.inputs[at].Type) != ir.Float || v.Type != ir.Float16 && v.Type != ir.BFloat16 && v.Type != ir.Double {
			return mistake.Errorf("%s: input %s is of type %s, and that of %s is %s: compare files that take one type", p.model.Path, p.inputs[at].Name, own, reference.Path, other)
		}
		c.Say(fmt.Sprintf("warning: %s takes %s and computes in it: it is run in float32, as %s is", reference.Path, other, p.model.Path))
		if err := onnx.Widen(reference, v.Type); err != nil {
			return err
		}
	}
	return nil
}

// sameBatch goes over to the blocks of a reference whose batch is fixed, where that of the file is free.
func (p *prepared) sameBatch(c Config, reference *onnx.Model) error {
	fixed, own := batchOf(reference), batchOf(p.model)
	if fixed == 0 || fixed == p.block || alone(p.model, p.data) {
		return nil
	}
	if own == 0 && c.Block == 0 && p.groups == nil && p.alone == "" && fixed <= p.data.Len() {
		return p.setBlock(fixed)
	}
	return mistake.Errorf("%s: its batch is fixed to %d, and %s is run in blocks of %d: compare files of one batch, or with a free one", reference.Path, fixed, p.model.Path, p.block)
}
