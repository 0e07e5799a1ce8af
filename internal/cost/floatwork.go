package cost

import (
	"example.org/demote/internal/sites"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// mostFloatNodes is how many nodes that stay in floating point are listed.
const mostFloatNodes = 100

// floatWork counts the work of a network for the given sizes, of a block of that many samples.
func floatWork(n *onnx.Network, dims map[string][]int64, block int) (*result.FloatWork, error) {
	w, err := sites.Measure(n, dims)
	if err != nil {
		return nil, err
	}
	per := float64(max(block, 1))
	f := &result.FloatWork{MACs: w.All / per, Float: w.Float / per, Least: w.Least}
	for _, i := range w.Islands[:min(mostFloatNodes, len(w.Islands))] {
		f.FloatNodes = append(f.FloatNodes, i.Node)
	}
	return f, nil
}

// Guessed counts the work of a network that nobody has run, for one sample: over the sizes that the file
// declares, where a first axis of any size is that of the samples.
func Guessed(n *onnx.Network) (*result.FloatWork, error) {
	dims := map[string][]int64{}
	block := 1
	for i, v := range n.Model.Inputs() {
		if i == 0 && len(v.Dims) > 0 {
			block = int(max(v.Dims[0], 1))
		}
	}
	for _, v := range n.Model.Values() {
		d := append([]int64(nil), v.Dims...)
		known := v.Dims != nil
		for i := range d {
			if d[i] < 0 && i == 0 {
				d[i] = int64(block)
			}
			known = known && d[i] >= 0
		}
		if known {
			dims[v.Name] = d
		}
	}
	return floatWork(n, dims, block)
}
