package report

import (
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestComparisonShowsWhatDiffers compares two runs that differ in a setting, a score and a holder.
func TestComparisonShowsWhatDiffers(t *testing.T) {
	a, b := sample(20), sample(20)
	a.Fronts = []result.Front{{Cost: "bops", Points: []result.FrontPoint{{Price: 1, Score: scored(900), Int8: 20}, {Price: 2, Score: scored(910), Int8: 10}}}}
	b.Fronts = []result.Front{{Cost: "bops", Points: []result.FrontPoint{{Price: 1.5, Score: scored(905), Int8: 20}, {Price: 2.5, Score: scored(920), Int8: 10}}}, {Cost: "bytes", Points: a.Fronts[0].Points}}
	b.Config = map[string]any{"Model": "nets/net.onnx", "Seed": 2}
	a.Config = map[string]any{"Model": "nets/net.onnx", "Seed": 1}
	b.Score.Mixed = scored(917)
	for i := range b.Holders {
		if b.Holders[i].Precision == "int8" {
			b.Holders[i].Precision = "int16"
			break
		}
	}
	page := html(t, Read(folder(t, map[string]any{result.File: a})), Read(folder(t, map[string]any{result.File: b})))
	for _, id := range []string{"runs-table", "settings-table", "widths-table"} {
		_, text, _ := strings.Cut(page, `<table id="`+id+`">`)
		text, _, _ = strings.Cut(text, "</table>")
		same, all := strings.Count(text, `<tr class="same-row">`), strings.Count(text, "<tr")-1
		if same == 0 || same == all {
			t.Errorf("%s: %d of %d rows are shown on request", id, same, all)
		}
		if id == "settings-table" && (same != 1 || !strings.Contains(text, "<tr><td>Seed<td>1<td>2")) {
			t.Errorf("the settings: %s", text)
		}
		if id == "widths-table" && all-same != 1 {
			t.Errorf("%d holders differ", all-same)
		}
	}
	if n := strings.Count(page, "show all rows"); n != 3 {
		t.Errorf("%d buttons to show all", n)
	}
	if n := strings.Count(page, `id="runs-front-`); n == 0 || strings.Contains(page, "runs-front-1-figure") {
		t.Errorf("%d parts of fronts: one is of both runs, and one of a single run", n)
	}
	if _, alone := made(t, map[string]any{result.File: a}); strings.Contains(alone, "same-row\"") {
		t.Error("a single run has rows that are the same in all")
	}
}

// TestHintsStandApart holds that what puts nothing in question is no warning.
func TestHintsStandApart(t *testing.T) {
	r := sample(9)
	r.Warnings = []result.Warning{{ID: "samples-streamed", Text: "read from disk"}, {ID: "written-differs", Text: "the file differs"}}
	v := viewOf(t, r)
	found := map[string]string{}
	for _, s := range v.Sections {
		if s.List != nil {
			found[s.Title] = strings.Join(s.List, "|")
		}
	}
	if found["Warnings"] != "the file differs" || found["Hints"] != "read from disk" {
		t.Errorf("%v", found)
	}
	if a := v.Alarm(); a == nil || a.Text != "1 warning: the file differs" {
		t.Errorf("%+v", a)
	}
	r.Warnings = r.Warnings[:1]
	if a := viewOf(t, r).Alarm(); a != nil {
		t.Errorf("a hint raises an alarm: %+v", a)
	}
}
