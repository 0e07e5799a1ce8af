package task

import (
	"example.org/demote/internal/quantize"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// LayersOf are the layers of a network with weights, which are on grids or float still, and the widths of these.
func LayersOf(n *onnx.Network) ([]result.Layer, error) {
	layers, err := quantize.Layers(n)
	list := make([]result.Layer, len(layers))
	for i, l := range layers {
		list[i] = result.Layer{Layer: l.Node, Op: l.Op, Weight: l.Weight, Elements: l.Elements, Bits: l.Width.Bits()}
		if w := n.Weights[l.Weight]; w != nil {
			list[i].Bits = w.Bits()
		}
	}
	return list, err
}

// LayerHolders are, by layer as LayersOf lists them, the holders of their weights; -1: they have none.
func LayerHolders(n *onnx.Network) ([]int, error) {
	layers, err := quantize.Layers(n)
	list := make([]int, len(layers))
	for i, l := range layers {
		list[i] = n.HeldAt(l.Place)
	}
	return list, err
}
