package task

import (
	"context"
	"slices"
	"testing"

	"example.org/demote/internal/record"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// TestRecordedGrids makes the records of a search from its result, bit for bit, and none where a line of it cannot be
// one.
func TestRecordedGrids(t *testing.T) {
	for _, formula := range []string{"qdq", "torch", "mctq"} {
		for _, kind := range []string{"asymmetric", "symmetric", "pow2"} {
			t.Run(formula+" "+kind, func(t *testing.T) {
				cfg := tasktest.TinyConfig(t, 20)
				cfg.Formula, cfg.GridLow, cfg.GridHigh = formula, kind, kind
				p, err := floatTask(context.Background(), cfg.Filled())
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				var was []result.Holder
				for i, h := range p.Network.Holders {
					was = append(was, result.Holder{Name: h.Name, Low: record.Grid(p.Records[i].Low), High: record.Grid(p.Records[i].High)})
				}
				records, _, ok := recordsOf(p.Network, was, cfg)
				if ok != (formula != "mctq") || ok && !slices.Equal(records, p.Records) {
					t.Fatalf("%v: %+v, want %+v", ok, records, p.Records)
				}
				for name, change := range map[string]func(h *result.Holder){
					"a name":     func(h *result.Holder) { h.Name = "other" },
					"no scale":   func(h *result.Holder) { h.Low.Scale = 0 },
					"a width":    func(h *result.Holder) { h.High.Bits = 4 },
					"an end":     func(h *result.Holder) { h.Low.Max += 0.3 * float64(h.Low.Scale) },
					"a far end":  func(h *result.Holder) { h.Low.Max *= 1e6 },
					"a far zero": func(h *result.Holder) { h.High.ZeroPoint += 1 << 20 },
				} {
					broken := slices.Clone(was)
					change(&broken[1])
					if records, _, ok := recordsOf(p.Network, broken, cfg); ok {
						t.Errorf("%s: taken as %+v", name, records[1])
					}
				}
				if _, _, ok := recordsOf(p.Network, was[1:], cfg); ok {
					t.Error("fewer holders are taken")
				}
			})
		}
	}
}
