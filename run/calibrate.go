package run

import (
	"context"

	"example.org/demote/internal/blocks"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// A gridChoice is how a grid is made from calibration data.
type gridChoice struct {
	kind   quant.Kind
	method quant.Method
	bits   int
}

// gridChoices are those of the low and the high grid.
func (c Config) gridChoices() (low, high gridChoice, err error) {
	pick := func(kind, method string, bits int) (g gridChoice) {
		g.bits = bits
		if err == nil {
			g.kind, err = quant.ParseKind(kind)
		}
		if err == nil {
			g.method, err = quant.ParseMethod(method)
		}
		return g
	}
	low = pick(c.GridLow, c.RangeLow, 8)
	high = pick(c.GridHigh, c.RangeHigh, 16)
	return low, high, err
}

// calibrate runs the float network over the calibration samples, with every holder's tensor as an
// output, and returns a record a holder. Holders of attention masks and the like, as the samples show them, it takes from
// the network, see dropFills. The memory does not grow with the number of samples.
func calibrate(ctx context.Context, n *onnx.Network, data blocks.Samples, c Config) ([]quant.Record, error) {
	records, _, err := calibrateAndTell(ctx, n, data, c)
	return records, err
}

// calibrateAndTell is calibrate, with the lowest and highest value that each holder's tensor had.
func calibrateAndTell(ctx context.Context, n *onnx.Network, data blocks.Samples, c Config) ([]quant.Record, []quant.Range, error) {
	low, high, err := c.gridChoices()
	if err != nil {
		return nil, nil, err
	}
	formula, err := quant.ParseFormula(c.Formula)
	if err != nil {
		return nil, nil, err
	}
	if data.Len() == 0 {
		return nil, nil, mistake.Errorf("%s: the calibration data has no samples", c.Calib)
	}
	o, err := newObservation(n, data, c, low.method, high.method)
	if err != nil {
		return nil, nil, err
	}
	if err := o.observe(ctx); err != nil {
		return nil, nil, err
	}
	observers, err := dropFills(n, o.observers, o.fills)
	if err != nil {
		return nil, nil, err
	}
	records, seen := make([]quant.Record, len(n.Holders)), make([]quant.Range, len(n.Holders))
	for i, o := range observers {
		r := &records[i]
		if r.Low, err = o.Grid(formula, low.method, low.kind, low.bits); err == nil {
			r.High, err = o.Grid(formula, high.method, high.kind, high.bits)
		}
		if err == nil {
			seen[i], err = o.Range(quant.MinMax, low.kind, low.bits)
		}
		if err != nil {
			return nil, nil, mistake.Errorf("%s: holder %s: %w%s", c.Calib, n.Holders[i].Name, err, tooWide(o))
		}
	}
	return records, seen, nil
}
