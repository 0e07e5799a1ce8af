package task

import (
	"math"
	"slices"

	"example.org/demote/config"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/record"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/result"
)

// A recording is what the results of a run say of its records, by holder.
type recording struct {
	records  []quant.Record
	unchosen []quant.Record // as they were when weights got their grids: before the low ones were chosen
	first    []quant.Record // of a ladder's second step: those of its first, likewise; else nil
}

// recordedGrids makes the records of a network from the holders of a result, whose grids are what was searched;
// calibrating again would take as long as the first time, and on another machine find others. False where that cannot
// be: the result has other holders, as calibration leaves out masks, or says less of a grid than its formula needs. The
// second step of a ladder takes the result of its first as well, since weights go by the grids of that.
func recordedGrids(n *onnx.Network, c config.Config) (r recording, ok bool) {
	if r.records, r.unchosen, ok = recordsOf(n, c.Recorded, c); !ok || !c.Second() {
		return r, ok
	}
	first, unchosen, ok := recordsOf(n, c.RecordedFirst, c)
	if !ok {
		return r, false
	}
	held := c.Held()
	for i, h := range n.Holders { // both results are of one ladder
		if start := first[i].Low; held[h.Name] && r.records[i] != (quant.Record{Low: first[i].High, High: first[i].High}) || !held[h.Name] && r.records[i].High != start {
			return r, false
		}
	}
	r.first = unchosen
	return r, true
}

// recordsOf are the records that the holders of one result say, and those before low grids were chosen.
func recordsOf(n *onnx.Network, was []result.Holder, c config.Config) (records, unchosen []quant.Record, ok bool) {
	formula, err := quant.ParseFormula(c.Formula)
	if err != nil || formula == quant.MCTQ || len(was) != len(n.Holders) {
		return nil, nil, false
	}
	for i, h := range n.Holders {
		low, ok := recordedGrid(was[i].Low, formula)
		high, also := recordedGrid(was[i].High, formula)
		if h.Name != was[i].Name || !ok || !also {
			return nil, nil, false
		}
		records = append(records, quant.Record{Low: low, High: high})
		if h.Weights == nil && c.ChoosesRanges() {
			if low, ok = minMaxGrid(was[i], low, c); !ok {
				return nil, nil, false
			}
		}
		unchosen = append(unchosen, quant.Record{Low: low, High: high})
	}
	return records, unchosen, true
}

// minMaxGrid is the low grid of a holder before another range was chosen for it.
func minMaxGrid(was result.Holder, low quant.Grid, c config.Config) (quant.Grid, bool) {
	kind, err := quant.ParseKind(c.GridLow)
	if err != nil || was.Seen == nil {
		return low, false
	}
	g, err := quant.GridOf(low.Formula, kind, low.Bits, quant.Range{Min: float32(was.Seen.Min), Max: float32(was.Seen.Max)})
	return g, err == nil
}

// recordedGrid is the grid that record.Grid has written; false where the lines of the result do not make one.
func recordedGrid(r result.Grid, formula quant.Formula) (quant.Grid, bool) {
	if g := quant.BF16Grid(); record.Grid(g) == r {
		return g, true
	}
	code := func(value float64) int32 { return r.ZeroPoint + int32(math.Round(value/float64(r.Scale))) }
	if !(r.Scale > 0) || math.IsInf(float64(r.Scale), 0) || r.Bits < 2 || r.Bits > 16 || math.Abs(r.Max-r.Min) > float64(r.Scale)*(1<<17) {
		return quant.Grid{}, false
	}
	g := quant.Grid{Formula: formula, Bits: r.Bits, Signed: r.Signed, Scale: r.Scale, Zero: r.ZeroPoint, Min: code(r.Min), Max: code(r.Max)}
	lowest, highest := int32(0), int32(1)<<r.Bits-1
	if r.Signed {
		lowest, highest = -1<<(r.Bits-1), 1<<(r.Bits-1)-1
	}
	return g, g.Min >= lowest && g.Max <= highest && g.Min <= g.Zero && g.Zero <= g.Max && record.Grid(g) == r
}

// assumed are records for a network that is not calibrated: every holder's values are taken for numbers from -1 to 1.
func assumed(n *onnx.Network, c config.Config) ([]quant.Record, error) {
	low, high, err := c.GridChoices()
	if err != nil {
		return nil, err
	}
	formula, err := quant.ParseFormula(c.Formula)
	if err != nil {
		return nil, err
	}
	o := quant.NewObserver(quant.MinMax, quant.MinMax)
	o.Observe(0, []float32{-1, 1})
	var r quant.Record
	if r.Low, err = low.Grid(o, formula, quant.MinMax); err != nil {
		return nil, err
	}
	if r.High, err = high.Grid(o, formula, quant.MinMax); err != nil {
		return nil, err
	}
	weights, _, err := quantize.HeldRecords(n)
	return append(slices.Repeat([]quant.Record{r}, len(n.Activations())), weights...), err
}
