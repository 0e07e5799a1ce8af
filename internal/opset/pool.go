package opset

import (
	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
)

// averageCeil is AveragePool at version 19: where windows reach beyond the padding, because the output size is
// rounded up, and padding counts, what the sum is divided by has changed, and ONNX Runtime's releases do not agree
// about either version. There is no form that computes the same in all of them.
var averageCeil = change{
	up: func(_ *converter, n ir.Node) error { return averagesWithin(n) },
	down: func(c *converter, n ir.Node) error {
		if err := averagesWithin(n); err != nil {
			return err
		}
		return only("dilations", 1)(c, n)
	},
}

// averagesWithin refuses an AveragePool that rounds up and counts padding.
func averagesWithin(n ir.Node) error {
	for _, name := range []string{"ceil_mode", "count_include_pad"} {
		if _, err := known(n, name); err != nil {
			return err
		}
	}
	if ir.AttrInt(n, "ceil_mode", 0) != 0 && ir.AttrInt(n, "count_include_pad", 0) != 0 {
		return mistake.Errorf("ceil_mode with count_include_pad means another thing from opset 19 on: export without one of them, or for the other side of opset 19")
	}
	return nil
}
