package report

import (
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestLadder: the page of a ladder tells both steps and all three widths, and takes nothing for low that has no choice.
func TestLadder(t *testing.T) {
	grid := func(bits int) result.Grid { return result.Grid{Bits: bits, Scale: 1} }
	half, full := 0.5, 0.75
	r := &Run{fields: map[string]bool{"met": true, "finished": true, "target": true}}
	r.Holders = []result.Holder{{Name: "a", Precision: "int16", Low: grid(16), High: grid(16)}, {Name: "b", Precision: "int4", Low: grid(4), High: grid(8)}, {Name: "c", Precision: "int8", Low: grid(4), High: grid(8)}}
	r.Promotion, r.Met, r.Finished, r.Metric = []string{"c", "a"}, true, true, "top1"
	r.Widths = &result.Widths{Low: "int4", High: "int8"}
	r.Score = result.Scores{High: &result.Score{Value: &full}, Mixed: &result.Score{Value: &half}}
	r.Ladder = &result.Ladder{Widths: []string{"int4", "int8", "int16"}, Split: "0.5", Before: &result.LadderStep{Folder: "step-1", Low: "int8", High: "int16",
		Promotion: []string{"a"}, Score: result.Scores{High: &result.Score{Value: &full}}, Evaluations: 7}}
	if r.lowCount() != 1 || r.LowName() != "int4" || r.HighName() != "int8" {
		t.Errorf("%d low, widths %s and %s", r.lowCount(), r.LowName(), r.HighName())
	}
	if got := r.Answer(); !strings.Contains(got, "Of 3 activation quantizers (holders) 1 at int16, 1 at int8, 1 at int4; this mix scores") {
		t.Errorf("the answer is %q", got)
	}
	v := &view{Run: r, ID: "a"}
	s := v.scores()
	text := strings.Join(s.Paragraphs, " ")
	for _, want := range []string{"second step of a ladder (int4, int8, int16)", "from int16 to int8 with 0.5 of the loss", "left 1 holder at int16", "7 evaluations"} {
		if !strings.Contains(text, want) {
			t.Errorf("not told: %q in %q", want, text)
		}
	}
	if rows := s.Tables[0].Rows; len(rows) != 3 || rows[0][0] != "all int16" || rows[1][0] != "the mix of step 1" || rows[2][0] != "the mix" {
		t.Errorf("rows %v", rows)
	}
	r.Config = map[string]any{"grid_low": "pow2", "range_low": "mse", "grid_high": "symmetric", "range_high": "minmax"}
	if got := v.gridWords(); got != "int4 and int8 pow2 mse, int16 symmetric minmax" {
		t.Errorf("the grids are %q", got)
	}
	r.Ladder.Before = nil
	if text := strings.Join(r.ladder(), ""); !strings.Contains(text, "first step of a ladder") || r.ladderAnswer() != "" {
		t.Errorf("the first step: %q", text)
	}
}
