package report

import (
	"fmt"
	"maps"
	"slices"

	"example.org/demote/result"
)

// compare are the sections that compare several runs, before those of the single runs.
func compare(views []*view) []*section {
	facts := &section{ID: "differences", Title: "What differs", Open: true}
	s := &section{ID: "runs", Title: "The runs side by side", Open: true}
	head := textColumns("what")
	for _, v := range views {
		head = append(head, column{Name: v.Letter + ": " + v.Name})
	}
	var rows [][]string
	for _, fact := range runFacts {
		row := []string{fact.name}
		any := false
		for _, v := range views {
			text := ""
			if fact.field == "" || v.Has(fact.field) {
				text = fact.text(v)
			}
			any = any || text != ""
			row = append(row, text)
		}
		if any {
			rows = append(rows, row)
		}
	}
	facts.Tables = []*table{differing(newTable("runs-table", "What differs from run to run", head, rows), 1, len(views))}
	facts.Tables[0].Long = false
	if t := settings(views); t != nil {
		facts.Tables = append(facts.Tables, t)
	}
	var shown []*view
	for _, v := range views {
		if v.Shown() {
			shown = append(shown, v)
		}
	}
	if len(shown) == 0 {
		return []*section{facts}
	}
	if f := compareCurves("runs-curve", shown); f != nil {
		s.Figures = append(s.Figures, f)
		s.Tables = append(s.Tables, curves("runs-curve-table", shown))
	} else {
		s.Paragraphs = append(s.Paragraphs, "There is no common curve: the runs have no scores, or are judged by different metrics.")
	}
	figures, tables := compareFronts(shown)
	s.Figures, s.Tables = append(s.Figures, figures...), append(s.Tables, tables...)
	if t := widths(shown); t != nil {
		s.Figures = append(s.Figures, compareStrips("runs-strips", shown))
		facts.Tables = append(facts.Tables, t)
	}
	return []*section{facts, s}
}

// curves is the table of the scores of every run's chain by the number of int8 holders. If a chain has several scores
// for a number, it has the last one.
func curves(id string, views []*view) *table {
	at := map[int][]string{}
	set := func(low, k int, score *float64) {
		if at[low] == nil {
			at[low] = make([]string, len(views))
		}
		at[low][k] = maybe(score)
	}
	head := numberColumns(views[0].lowHolders())
	for k, v := range views {
		head = append(head, column{v.Letter, true})
		if high := scoreValue(v.Score.High); high != nil {
			set(0, k, high)
		}
		for _, p := range v.points {
			set(p.Low, k, p.True)
		}
		if mixed := scoreValue(v.Score.Mixed); mixed != nil && len(v.Holders) > 0 {
			set(v.lowCount(), k, mixed)
		}
	}
	var rows [][]string
	for _, low := range slices.Sorted(maps.Keys(at)) {
		rows = append(rows, append([]string{fmt.Sprint(low)}, at[low]...))
	}
	return newTable(id, "Score by number of "+views[0].lowHolders(), head, rows)
}

// runFacts are the rows of the table that compares runs. A fact is empty if the run lacks its field.
var runFacts = []struct {
	name, field string
	text        func(*view) string
}{
	{"network", "inputs", func(v *view) string { return short(v.Title()) }},
	{"state", "", func(v *view) string { return v.State() }},
	{"metric", "metric", func(v *view) string { return short(v.Metric) }},
	{"target", "target", func(v *view) string { return v.TargetText() }},
	{"holders", "holders", func(v *view) string { return fmt.Sprint(len(v.Holders)) }},
	{"on the low grid", "holders", func(v *view) string { return fmt.Sprint(v.lowCount()) }},
	{"on the high grid", "holders", func(v *view) string { return fmt.Sprint(len(v.Holders) - v.lowCount()) }},
	{"float", "score", func(v *view) string { return known(v, v.Score.Float) }},
	{"all high", "score", func(v *view) string { return known(v, v.Score.High) }},
	{"all low", "score", func(v *view) string { return known(v, v.Score.Low) }},
	{"the mix", "score", func(v *view) string { return known(v, v.Score.Mixed) }},
	{"strategy", "strategy", func(v *view) string { return short(v.Strategy) }},
	{"formula", "formula", func(v *view) string { return short(v.Formula) }},
	{"samples", "samples", func(v *view) string { return fmt.Sprint(v.Samples) }},
	{"evaluations", "evaluations", func(v *view) string { return fmt.Sprint(v.Evaluations) }},
	{"distinct masks", "trials", func(v *view) string { return fmt.Sprint(v.Trials) }},
	{"full passes", "sample_evaluations", func(v *view) string { return brief(v.SampleEvals / float64(max(v.Samples, 1))) }},
	{"time", "seconds", func(v *view) string { return duration(v.Seconds) }},
	{"file equals the search", "verified", func(v *view) string {
		switch {
		case v.Verified == nil:
			return "not checked"
		case v.Verified.Identical:
			return "yes, bit for bit"
		}
		return "NO"
	}},
	{"warnings", "warnings", func(v *view) string { return fmt.Sprint(len(v.Warnings)) }},
	{"not readable", "", func(v *view) string { return fmt.Sprint(len(v.Problems)) }},
}

func known(v *view, s *result.Score) string {
	if s == nil {
		return ""
	}
	return v.Text(s)
}

// widths is the table of every holder's bit-width in every run, by name, in the order of the runs.
func widths(views []*view) *table {
	row := map[string]int{}
	var rows [][]string
	head := numberColumns("number")
	head = append(head, column{Name: "holder"})
	for k, v := range views {
		head = append(head, column{Name: v.Letter})
		for _, h := range v.Holders {
			i, ok := row[h.Name]
			if !ok {
				i = len(rows)
				row[h.Name] = i
				rows = append(rows, append([]string{fmt.Sprint(i), short(h.Name)}, make([]string, len(views)+1)...))
			}
			rows[i][2+k] = h.Precision
		}
	}
	if rows == nil {
		return nil
	}
	for _, r := range rows {
		same := "same"
		for k := range views {
			if r[2+k] != r[2] {
				same = "differs"
			}
		}
		r[2+len(views)] = same
	}
	head = append(head, column{Name: "in all runs"})
	return differing(newTable("widths-table", "Bit-width of every holder in every run", head, rows), 2, len(views))
}
