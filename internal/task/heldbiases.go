package task

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/repair"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// correctBiases makes biases up for the rounding of weights, see repair.Biases. A layer whose weights have a holder gets
// two biases, which follow its bit. It returns the number of biases that it has changed.
func correctBiases(float *onnx.Model, n *onnx.Network, seen map[string][]repair.Channel) (changed int, err error) {
	held := n.Holders[len(n.Activations()):]
	low := pair.Choose(n.Model, n.Followed, func(int) bool { return true })
	if changed, err = repair.Biases(float, n.Model, seen); err != nil || len(held) == 0 {
		return changed, err
	}
	if _, err = repair.Biases(float, low, seen); err != nil {
		return changed, err
	}
	highNames, err := repair.BiasNames(n.Model)
	if err != nil {
		return changed, err
	}
	lowNames, err := repair.BiasNames(low)
	if err != nil {
		return changed, err
	}
	highs, lows := initializers(n.Model), initializers(low)
	for _, h := range held {
		for _, place := range h.Weights.Places {
			name, biased := highNames[place.Output]
			if !biased || place.Input != 1 {
				continue
			}
			f := network.Followed{Name: name, Holder: h.Index, High: highs[name], Low: wire.CloneTensor(lows[lowNames[place.Output]])}
			f.Low.Name = ir.Str(name)
			same, err := sameFloats(f)
			if err != nil {
				return changed, err
			}
			if !same {
				n.Followed = append(n.Followed, f)
			}
		}
	}
	return changed, nil
}

// sameFloats reports whether both values of a constant are the same.
func sameFloats(f network.Followed) (bool, error) {
	low, err := f.Value(true)
	if err != nil {
		return false, err
	}
	high, err := f.Value(false)
	return slices.Equal(low, high), err
}

// initializers are those of the main graph, by name.
func initializers(m *onnx.Model) map[string]*onnxpb.TensorProto {
	all := map[string]*onnxpb.TensorProto{}
	for _, t := range m.Graph().GetInitializer() {
		all[t.GetName()] = t
	}
	return all
}
