package result

import (
	"fmt"
	"strings"
)

// FloatWork is what a network computes for one sample, in multiply-accumulates, and what stays in floating point of
// it whatever the mix is: operators that read no holder, bodies of If, Loop and Scan, LSTM, GRU, RNN, and attention
// in one operator. sites.Measure says how they are counted.
type FloatWork struct {
	MACs       float64  `json:"macs"`
	Float      float64  `json:"float_macs"`
	Least      bool     `json:"macs_least,omitempty"`  // some sizes are not known: there is no less than that
	FloatNodes []string `json:"float_nodes,omitempty"` // what stays in floating point, the most work first
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

// Some reports whether anything stays in floating point.
func (f *FloatWork) Some() bool { return f != nil && len(f.FloatNodes) > 0 }

// An Unrolled is a recurrent operator of the network that --unroll has replaced by single operators.
type Unrolled struct {
	Node  string `json:"node"`
	Op    string `json:"op"`    // LSTM, GRU or RNN
	Steps int    `json:"steps"` // of its sequence
	Nodes int    `json:"nodes"` // that replace it
}
