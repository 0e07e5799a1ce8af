package run

import (
	"fmt"
	"strings"

	"demote/onnx"
)

// FloatWork is what a network computes for one sample, in multiply-accumulates, and what stays in floating point of it whatever
// the mix is: operators that read no holder, bodies of If, Loop and Scan, LSTM, GRU, RNN, and attention in one operator.
// onnx.Network.Work says how they are counted.
type FloatWork struct {
	MACs       float64  `json:"macs"`
	Float      float64  `json:"float_macs"`
	Least      bool     `json:"macs_least,omitempty"`  // some sizes are not known: there is no less than that
	FloatNodes []string `json:"float_nodes,omitempty"` // what stays in floating point, the most work first
}

// mostFloatNodes is how many nodes that stay in floating point are listed.
const mostFloatNodes = 100

// floatWork counts the work of a network for the given sizes, of a block of so many samples.
func floatWork(n *onnx.Network, dims map[string][]int64, block int) (*FloatWork, error) {
	w, err := n.Work(dims)
	if err != nil {
		return nil, err
	}
	per := float64(max(block, 1))
	f := &FloatWork{MACs: w.All / per, Float: w.Float / per, Least: w.Least}
	for _, i := range w.Islands[:min(mostFloatNodes, len(w.Islands))] {
		f.FloatNodes = append(f.FloatNodes, i.Node)
	}
	return f, nil
}

// Text says in a line how much stays in floating point, and of which nodes.
func (f *FloatWork) Text() string {
	text := fmt.Sprintf("%.4g of %.4g multiply-accumulates stay float", f.Float, f.MACs)
	switch {
	case f.Least && f.Some():
		text = "at least " + text
	case f.Least:
		text = fmt.Sprintf("0 of at least %.4g multiply-accumulates stay float", f.MACs)
	}
	const most = 3
	if n := len(f.FloatNodes); n > 0 {
		text += ": " + strings.Join(f.FloatNodes[:min(most, n)], ", ")
		if n > most {
			text += fmt.Sprintf(" and %d more", n-most)
		}
	}
	return text
}

// Some tells whether anything stays in floating point.
func (f *FloatWork) Some() bool { return f != nil && len(f.FloatNodes) > 0 }

// guessedWork counts the work of a network that nobody has run, for one sample: over the sizes that the file declares, where a
// first axis of any size is that of the samples.
func guessedWork(n *onnx.Network) (*FloatWork, error) {
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

// countFloat counts what the search cannot reach, and says so where that is anything.
func (s *searching) countFloat(dims map[string][]int64) error {
	var err error
	if s.result.FloatWork, err = floatWork(s.network, dims, s.block); err == nil && s.result.FloatWork.Some() {
		s.config.Say(s.result.FloatWork.Text())
	}
	return err
}
