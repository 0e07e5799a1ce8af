package calibrate

import (
	"context"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/stage"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// A GridChoice says how grids are chosen from calibration data: the quantization scheme and the range method.
type GridChoice struct {
	Kind   quant.Kind
	method quant.Method
	Bits   int
}

// NewGridChoice parses the names of a quantization scheme and of a range method.
func NewGridChoice(kind, method string, bits int) (g GridChoice, err error) {
	g.Bits = bits
	if g.Kind, err = quant.ParseKind(kind); err == nil {
		g.method, err = quant.ParseMethod(method)
	}
	return g, err
}

// How are the settings of a calibration.
type How struct {
	Low, High GridChoice
	Formula   quant.Formula
	Network   string       // its file, for messages
	Samples   string       // theirs
	AllowNaN  bool         // values that are not finite are left out
	Alone     bool         // each sample is run alone
	Stages    stage.Teller // reports its progress
}

// Run runs the float network over the calibration samples, with every holder's tensor as an output. It returns a record
// (two grids) for each holder, and the lowest and highest value of its tensor. It removes holders of attention masks
// and the like from the network if the samples show them, see dropFills. The memory does not grow with the number of
// samples.
func Run(ctx context.Context, n *onnx.Network, data blocks.Samples, c How) ([]quant.Record, []quant.Range, error) {
	if data.Len() == 0 {
		return nil, nil, mistake.Errorf("%s: the calibration data has no samples", c.Samples)
	}
	o, err := newObservation(n, data, c, c.Low.method, c.High.method)
	if err != nil {
		return nil, nil, err
	}
	if err := o.Observe(ctx); err != nil {
		return nil, nil, err
	}
	observers, err := dropFills(n, o.Observers, o.fills)
	if err != nil {
		return nil, nil, err
	}
	records, seen := make([]quant.Record, len(n.Holders)), make([]quant.Range, len(n.Holders))
	for i, o := range observers {
		r := &records[i]
		if r.Low, err = o.Grid(c.Formula, c.Low.method, c.Low.Kind, c.Low.Bits); err == nil {
			r.High, err = o.Grid(c.Formula, c.High.method, c.High.Kind, c.High.Bits)
		}
		if err == nil {
			seen[i], err = o.Range(quant.MinMax, c.Low.Kind, c.Low.Bits)
		}
		if err != nil {
			return nil, nil, mistake.Errorf("%s: holder %s: %w%s", c.Samples, n.Holders[i].Name, err, tooWide(o))
		}
	}
	return records, seen, nil
}

// FiniteRange returns the lowest and highest finite value of the only holder of a network, with fill values; false if
// there is none. alone: each sample runs alone. It reports no progress.
func FiniteRange(ctx context.Context, n *onnx.Network, data blocks.Samples, alone bool) (quant.Range, bool, error) {
	o := observation{Network: n, All: data, how: How{AllowNaN: true, Alone: alone}, fills: fills{nil}, fresh: func() *quant.Observer {
		observer := quant.NewObserver(quant.MinMax)
		observer.IgnoreNonFinite = true
		return observer
	}}
	if err := o.Observe(ctx); err != nil {
		return quant.Range{}, false, err
	}
	r, err := o.Observers[0].Range(quant.MinMax, quant.Asymmetric, 8)
	return r, err == nil, nil // without a finite value there is no range
}
