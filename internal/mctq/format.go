package mctq

import (
	"example.org/demote/internal/format"
	"example.org/demote/internal/ir"
)

// Format is the quantizers of the Model Compression Toolkit.
var Format = format.Format{
	Name: "mctq", File: "annotated.onnx", Does: "Sony's Model Compression Toolkit, opset 17", Ends: []string{".onnx"},
	Detect: (*ir.Model).IsMCTQ, Read: read, Foreign: true, Write: write,
}

// write is the network with the toolkit's quantizers. Of a pair by the toolkit it is the 16-bit file itself, with the
// 8-bit file's quantizers where the mix is low; but not where weights follow the mix, since that file has no others.
func write(mix format.Mix) (w format.Written, err error) {
	if mix.Pair != nil {
		low, high, err := mix.Pair()
		if err != nil {
			return w, err
		}
		if low.IsMCTQ() && high.IsMCTQ() {
			var demoted []string
			for i, h := range mix.Network.Holders {
				if mix.Low[i] {
					demoted = append(demoted, h.Name)
				}
			}
			w.Model, err = mixed(low, high, demoted)
			return w, err
		}
	}
	w.Model, w.Inexact, err = annotate(mix.Network, mix.Records, mix.Low)
	return w, err
}
