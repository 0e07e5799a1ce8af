package run

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"example.org/demote/internal/journal"
	"example.org/demote/mistake"
	"example.org/demote/quant"
	"example.org/demote/report"
	"example.org/demote/result"
	"example.org/demote/search"
)

// A Result is what result.json holds; its config is what the command line said, defaults filled in.
type Result = result.Result[Config]

// finite returns nil for infinities and NaN, which JSON cannot hold.
func finite(v float64) *float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return &v
}

// scoreResult writes a search score in the metric's own sign.
func scoreResult(s search.Score, lower bool) *result.Score {
	if s.Total > 0 {
		return &result.Score{Correct: &s.Count, Total: &s.Total, Value: finite(s.Float())}
	}
	v := s.Value
	if math.IsNaN(v) || math.IsInf(v, -1) {
		v = result.Worst
	}
	return &result.Score{Value: finite(metricSign(v, lower))}
}

// searchScore reads a score back; infinite ones are better than all.
func searchScore(r *result.Score, lower bool) search.Score {
	switch {
	case r == nil || r.Correct == nil && r.Value == nil:
		return search.Score{Value: math.Inf(1)}
	case r.Correct != nil && r.Total != nil:
		return search.Score{Count: *r.Correct, Total: *r.Total}
	}
	v := metricSign(*r.Value, lower)
	if v <= result.Worst {
		v = math.Inf(-1)
	}
	return search.Score{Value: v}
}

// metricSign turns the search's number, where higher is better, back into the metric's own.
func metricSign(v float64, lower bool) float64 {
	if lower {
		return 0 - v // never -0
	}
	return v
}

func gridResult(g quant.Grid) result.Grid {
	return result.Grid{Bits: g.Bits, Signed: g.Signed, Scale: g.Scale, ZeroPoint: g.Zero,
		Min: float64(g.Decode(g.Min)), Max: float64(g.Decode(g.Max))}
}

func precision(g quant.Grid) string { return fmt.Sprintf("int%d", g.Bits) }

// ReadResult reads the result.json of a run folder.
func ReadResult(folder string) (*Result, error) {
	path := (&journal.Folder{Path: folder}).File(result.File)
	data, err := result.Read(folder)
	if err != nil {
		return nil, mistake.Errorf("%s is not a run folder of demote: %w", folder, err)
	}
	var r Result
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, mistake.Errorf("%s: damaged: %w", path, err)
	}
	if r.SchemaVersion < 1 || r.SchemaVersion > result.Schema {
		return nil, mistake.Errorf("%s: schema_version %d, this program reads %d", path, r.SchemaVersion, result.Schema)
	}
	return &r, nil
}

// curve is curve.csv: how the scores go along the chain. The cost of a mix is what it costs by the chosen cost: by
// count, its number of int16 holders.
func curve(r *Result) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"step", "holder", "int8_holders", "recorded_score", "true_score", "cost"})
	for _, s := range r.Chain {
		_ = w.Write([]string{strconv.Itoa(s.Step), report.Cell(s.Holder), strconv.Itoa(*s.Int8), number(s.Value), number(s.TrueValue), number(s.Cost)})
	}
	w.Flush()
	return b.Bytes()
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%g", *v)
}
