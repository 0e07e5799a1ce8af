package result

import (
	"fmt"
	"strings"
)

// A Layer is a node with a weight on a grid, and the width of that.
type Layer struct {
	Layer    string `json:"layer"` // the name of the node; empty: it has none
	Op       string `json:"op"`
	Weight   string `json:"weight"`
	Elements int64  `json:"elements"`
	Bits     int    `json:"bits"`
}

// WeightText says how many weights, in numbers, have each width; empty without layers.
func WeightText(layers []Layer) string {
	sums, total := map[int]int64{}, int64(0)
	for _, l := range layers {
		sums[l.Bits] += l.Elements
		total += l.Elements
	}
	var parts []string
	for _, bits := range []int{16, 8, 4} {
		if sums[bits] > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d weights at %d bits", sums[bits], total, bits))
		}
	}
	return strings.Join(parts, ", ")
}
