package report

import (
	"fmt"
	"slices"
	"strings"

	"example.org/demote/mistake"
)

// holdout is the section about the held-out samples; nil without any.
func (v *view) holdout() *section {
	h := v.Holdout
	if h == nil {
		return nil
	}
	s := v.section("holdout", "Hold-out: samples that the search never saw")
	text := fmt.Sprintf("%s were kept apart (%s) and scored once, at the end.", plural(h.Samples, "sample"), short(h.Text))
	if h.LeftOut > 0 {
		text += fmt.Sprintf(" %s left out, for being copies of samples that the search sees.", plural(h.LeftOut, "more sample"))
	}
	s.Paragraphs = []string{text}
	if a, whole := h.Against, v.whole(); a != nil {
		s.Paragraphs = append(s.Paragraphs, fmt.Sprintf("Against %s the mix loses %s of them: %d are wrong with the mix only, %d are right with the mix only. The %s %% confidence interval of the true loss is %s to %s.",
			whole, number(a.Loss), a.OnlyHigh, a.OnlyMix, brief(100*a.Covers), brief(a.Interval[0]), brief(a.Interval[1])))
	}
	switch {
	case h.Promise != nil:
		s.Paragraphs = append(s.Paragraphs, "Promise: "+short(h.Promise.Statement)+".")
	case h.Sure != nil:
		s.Paragraphs = append(s.Paragraphs, fmt.Sprintf(mistake.Text("The confidence that on unseen samples the mix %[2]s is %[1]s %%. That is an estimate after the fact: --confidence asks for a promise."), brief(100**h.Sure), short(h.Claim)))
	}
	if len(h.UsedBefore) > 0 {
		s.Paragraphs = append(s.Paragraphs, "These samples have been looked at before, by "+short(strings.Join(h.UsedBefore, "; "))+": a mix that was chosen among several by them has less confidence than stated.")
	}
	high, low := v.WholeNames()
	if rows := scoreRows(h.Score, high, low); rows != nil {
		s.Tables = append(s.Tables, newTable(s.ID+"-table", "Scores of the networks on the hold-out", scoreColumns(), rows))
	}
	if h.Promise == nil {
		return s
	}
	var rows [][]string
	for _, step := range h.Promise.Steps {
		held := "not proven"
		if step.Held {
			held = "holds"
		}
		rows = append(rows, []string{fmt.Sprint(step.Int8), maybe(scoreValue(step.Score)), maybe(scoreValue(step.Holdout)), count(step.OnlyOther), count(step.OnlyMix), brief(step.PValue), held})
	}
	s.Tables = append(s.Tables, newTable(s.ID+"-steps", "The mixes that the promise was tested on, safest first, up to the first that failed", slices.Concat(
		numberColumns(v.lowHolders(), "score in the search", "score on the hold-out", "lost", "gained", "p-value"), textColumns("with confidence "+brief(h.Promise.Confidence))), rows))
	return s
}
