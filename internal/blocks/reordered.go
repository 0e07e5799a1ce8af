package blocks

import (
	"slices"

	"example.org/demote/backend"
	"example.org/demote/onnx"
)

// otherOrder are samples for a network that declares the same inputs in another order.
type otherOrder struct {
	Samples
	numbers []int
}

func (o otherOrder) Read(input, sample int, dst []byte) error {
	return o.Samples.Read(o.numbers[input], sample, dst)
}

func (o otherOrder) Shape(input int) []int64 { return o.Samples.Shape(o.numbers[input]) }

func (o otherOrder) Steps(input int) int { return o.Samples.Steps(o.numbers[input]) }

func (o otherOrder) Whole(input int) bool { return o.Samples.Whole(o.numbers[input]) }

// Reordered is InOrder for a model that is not compiled yet.
func Reordered(data Samples, own []backend.Tensor, m *onnx.Model) Samples {
	o := otherOrder{Samples: data}
	for _, v := range m.Inputs() {
		o.numbers = append(o.numbers, slices.IndexFunc(own, func(t backend.Tensor) bool { return t.Name == v.Name }))
	}
	if slices.Contains(o.numbers, -1) {
		return data
	}
	return o
}
