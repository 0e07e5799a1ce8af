package engine

import (
	"example.org/demote/internal/constraint"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// Low says of each holder whether a mask has it at the low width, as the writers of package onnx want it.
func Low(m search.Mask) []bool {
	low := make([]bool, m.Len())
	for i := range low {
		low[i] = m.Low(i)
	}
	return low
}

// Units are the holders of a network that a search moves, those together that must have one width; search.Options
// takes them.
func Units(n *onnx.Network) ([][]int, error) {
	layout, err := constraint.Rules{}.Arrange(n, nil)
	return layout.Units, err
}
