package calibrate

import (
	"context"
	"slices"

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
	Width  quant.Width
	Auto   bool // the grids of all methods are kept as candidates, besides those by the method
}

// methods are those of candidates, the first of equals first. Mean squared error and the moving average have most
// often the best 8-bit score (docs/strategies.md has the table), and so they come first among equals.
var methods = []quant.Method{quant.MSE, quant.Average, quant.Percentile, quant.Entropy, quant.Threshold, quant.MinMax}

// NewGridChoice parses the names of a quantization scheme and of a range method.
func NewGridChoice(kind, method string, width quant.Width) (g GridChoice, err error) {
	g.Width = width
	if g.Kind, err = quant.ParseKind(kind); err == nil {
		g.method, err = quant.ParseMethod(method)
	}
	return g, err
}

// Grid is the grid of what an observer has seen, by the choice's own method or another.
func (g GridChoice) Grid(o *quant.Observer, f quant.Formula, m quant.Method) (quant.Grid, error) {
	if g.Width == quant.Half { // whatever the values are
		return quant.BF16Grid(), nil
	}
	return o.Grid(f, m, g.Kind, g.Width.Bits())
}

// A Candidate is a range method that the low grids may be by.
type Candidate struct {
	Method quant.Method
	Low    []quant.Grid // by holder
	Same   bool         // as an earlier candidate's
}

// Grids are what a calibration gives.
type Grids struct {
	Records    []quant.Record // by holder
	Seen       []quant.Range  // the lowest and the highest value of each holder's tensor
	Counts     []quant.Counts // histograms of its values, without bins if no method needed one
	Candidates []Candidate    // what the low grids may be instead; nil without Auto, or if all are the same
	First      []quant.Record // by holder: those of a ladder's first step; nil for any search but its second
}

// Before says how the high grids of a ladder's second step follow from its first step: they are what was low in it. The
// holders that it has left at the highest width stay there, so that both of their grids are of that width.
type Before struct {
	Top     GridChoice              // of the highest width
	Held    map[string]bool         // the holders that stay there, by name
	Methods map[string]quant.Method // of what was low, by name; where there is none: the choice of the high grid
}

// record makes the two grids of a holder, and those that it had in the first step before methods were chosen.
func (b *Before) record(o *quant.Observer, c How, name string) (r, first quant.Record, err error) {
	if first.High, err = b.Top.Grid(o, c.Formula, b.Top.method); err != nil {
		return r, first, err
	}
	if first.Low, err = c.High.Grid(o, c.Formula, c.High.method); err != nil {
		return r, first, err
	}
	if b.Held[name] {
		return quant.Record{Low: first.High, High: first.High}, first, nil
	}
	if r.Low, err = c.Low.Grid(o, c.Formula, c.Low.method); err != nil {
		return r, first, err
	}
	r.High = first.Low
	if method, chosen := b.Methods[name]; chosen {
		r.High, err = c.High.Grid(o, c.Formula, method)
	}
	return r, first, err
}

// How are the settings of a calibration.
type How struct {
	Low, High GridChoice
	Formula   quant.Formula
	Before    *Before      // of a ladder's second step; nil: it is none
	Network   string       // its file, for messages
	Samples   string       // theirs
	AllowNaN  bool         // values that are not finite are left out
	Alone     bool         // each sample is run alone
	Stages    stage.Teller // reports its progress
}

// Run runs the float network over the calibration samples, with every holder's tensor as an output. It returns a record
// (two grids) for each holder, and the lowest and highest value of its tensor. With Auto for the low grids those of all
// methods are candidates. It removes holders of attention masks and the like from the
// network if the samples show them, see dropFills. The memory does not grow with the number of
// samples.
func Run(ctx context.Context, n *onnx.Network, data blocks.Samples, c How) (*Grids, error) {
	if data.Len() == 0 {
		return nil, mistake.Errorf("%s: the calibration data has no samples", c.Samples)
	}
	want := []quant.Method{c.Low.method, c.High.method}
	if c.Low.Auto {
		want = append(want, methods...)
	}
	if c.Before != nil {
		want = append(want, c.Before.Top.method)
	}
	o, err := newObservation(n, data, c, want...)
	if err != nil {
		return nil, err
	}
	if err := o.Observe(ctx); err != nil {
		return nil, err
	}
	observers, err := dropFills(n, o.Observers, o.fills)
	if err != nil {
		return nil, err
	}
	g := &Grids{Records: make([]quant.Record, len(n.Holders)), Seen: make([]quant.Range, len(n.Holders)), Counts: make([]quant.Counts, len(n.Holders))}
	for i, o := range observers {
		r := &g.Records[i]
		if c.Before != nil {
			var first quant.Record
			*r, first, err = c.Before.record(o, c, n.Holders[i].Name)
			g.First = append(g.First, first)
		} else if r.Low, err = c.Low.Grid(o, c.Formula, c.Low.method); err == nil {
			r.High, err = c.High.Grid(o, c.Formula, c.High.method)
		}
		if err == nil {
			g.Seen[i], err = o.Range(quant.MinMax, c.Low.Kind, c.Low.Width.Bits())
		}
		if err != nil {
			return nil, mistake.Errorf("%s: holder %s: %w%s", c.Samples, n.Holders[i].Name, err, tooWide(o))
		}
		g.Counts[i], _ = o.Counts(countBins)
	}
	if c.Low.Auto {
		g.Candidates = candidates(observers, c)
		for _, one := range g.Candidates {
			for i, first := range g.First {
				if c.Before.Held[n.Holders[i].Name] {
					one.Low[i] = first.High
				}
			}
		}
	}
	return g, nil
}

// countBins is how many bins a histogram for people has.
const countBins = 64

// candidates are the low grids by every method that has one for every holder; nil if there is nothing to choose.
func candidates(observers []*quant.Observer, c How) (list []Candidate) {
	for _, m := range methods {
		one := Candidate{Method: m}
		for _, o := range observers {
			grid, err := c.Low.Grid(o, c.Formula, m)
			if err != nil { // a method that has no range for such values
				break
			}
			one.Low = append(one.Low, grid)
		}
		if len(one.Low) == len(observers) {
			one.Same = slices.ContainsFunc(list, func(other Candidate) bool { return slices.Equal(other.Low, one.Low) })
			list = append(list, one)
		}
	}
	if !slices.ContainsFunc(list[min(1, len(list)):], func(c Candidate) bool { return !c.Same }) {
		return nil
	}
	return list
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
