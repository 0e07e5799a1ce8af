package task

import (
	"example.org/demote/internal/pair"
	"example.org/demote/internal/repair"
	"example.org/demote/onnx"
)

// correctBiases makes biases up for the rounding of weights, see repair.Biases. A layer whose weights have a holder
// gets two biases, which follow its bit. It returns the number of biases that it has changed.
func correctBiases(float *onnx.Model, n *onnx.Network, seen map[string][]repair.Channel) (changed int, err error) {
	held := n.Holders[len(n.Activations()):]
	low := pair.Choose(n.Model, n.Followed, func(int) bool { return true })
	if changed, err = repair.Biases(float, n.Model, seen); err != nil || len(held) == 0 {
		return changed, err
	}
	if _, err = repair.Biases(float, low, seen); err != nil {
		return changed, err
	}
	names, err := repair.BiasNames(n.Model)
	if err != nil {
		return changed, err
	}
	lowNames, err := repair.BiasNames(low)
	if err != nil {
		return changed, err
	}
	for _, h := range held {
		for _, place := range h.Weights.Places {
			name, biased := names[place.Output]
			if !biased || place.Input != 1 {
				continue
			}
			if err := pair.FollowIn(n, name, h.Index, low, lowNames[place.Output]); err != nil {
				return changed, err
			}
		}
	}
	return changed, nil
}
