package blocks

import (
	"slices"

	"example.org/demote/backend"
)

// inOrder are samples for a network that declares the same inputs in another order.
type inOrder struct {
	backend.Samples
	numbers []int // of the samples' inputs, by the network's
}

// InOrder finds the samples' inputs by the names of a network's inputs.
func InOrder(samples backend.Samples, own, network []backend.Tensor) backend.Samples {
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
