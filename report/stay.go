package report

import (
	"fmt"
	"strings"

	"example.org/demote/result"
)

// maxCards bounds the holders whose histograms are drawn; the table has all.
const maxCards = 48

// stay is the section about the holders that stay high: what demoting each would cost, and how its values lie on both
// grids.
func (v *view) stay() *section {
	list := v.staying()
	if len(list) == 0 {
		return nil
	}
	s := v.section("stay", "Why "+v.highWords()+" stays")
	s.Brief = fmt.Sprintf("%s: what demoting each would cost, and its values on both grids", plural(len(list), "holder"))
	counted := 0
	var rows [][]string
	var ids, backs []string
	for k, i := range list {
		h := v.Holders[i]
		why := v.whyHigh(i)
		f := newFit(h.Histogram, h.Low)
		row := []string{fmt.Sprint(i), short(h.Name), why.text, maybe(scoreValue(why.score)), maybe(v.losses[i].Lost)}
		if f == nil {
			row = append(row, "", "", "", "")
		} else {
			counted++
			row = append(row, brief2(f.steps), brief2(100*f.clipped), maybe(&h.Histogram.Min), maybe(&h.Histogram.Max))
		}
		rows, ids, backs = append(rows, row), append(ids, fmt.Sprintf("%s-w%d", v.ID, i)), append(backs, fmt.Sprintf("%s-n%d", v.ID, i))
		if k < maxCards {
			s.Cards = append(s.Cards, v.stayCard(i, why.text, f))
		}
	}
	if counted > 0 {
		s.Paragraphs = []string{fmt.Sprintf("Each picture has the values of the calibration as bars (their height is the square root of the count) over the %s grid and the %s grid below, "+
			"with their steps where they can be told apart. The middle 95 %% of the values have only so many steps of the %s grid as the line below says: where that is few, demotion rounds them to little.",
			v.LowName(), v.HighName(), v.LowName())}
	} else {
		s.Paragraphs = []string{"There are no histograms: this run's calibration counted no values (as with --range minmax, or encodings), or its result is of an older version."}
	}
	if n := len(list); n > maxCards {
		s.Paragraphs = append(s.Paragraphs, fmt.Sprintf("The first %d of %d are drawn, the last demoted first; the table has all.", maxCards, n))
	}
	t := newTable(s.ID+"-table", "The holders that stay at "+v.highWords(), append(append(numberColumns("number"), textColumns("holder", "with it at "+v.lowWords()+" too")...),
		numberColumns("that score", "score lost at its step", v.LowName()+" steps of the middle 95 %", "% of values clipped by "+v.LowName(), "lowest value", "highest value")...), rows)
	t.RowIDs, t.Backs = ids[:len(t.Rows)], backs[:len(t.Rows)]
	s.Tables = []*table{t}
	return s
}

// staying are the holders that stay high, the last demoted first, as the promotion list has them; those of a damaged
// list follow in graph order.
func (r *Run) staying() (list []int) {
	index, listed := map[string]int{}, map[int]bool{}
	for i, h := range r.Holders {
		index[h.Name] = i
	}
	for _, name := range r.Promotion {
		if i, ok := index[name]; ok && !r.isLow(r.Holders[i]) && !listed[i] {
			list, listed[i] = append(list, i), true
		}
	}
	for i, h := range r.Holders {
		if !r.isLow(h) && !listed[i] {
			list = append(list, i)
		}
	}
	return list
}

// A reason is why a holder stays high, and the score with it at the low width too, if it is known.
type reason struct {
	text  string
	score *result.Score
}

func (v *view) whyHigh(i int) reason {
	h := v.Holders[i]
	switch d := h.Demoted; {
	case h.Pinned:
		return reason{text: "fixed by a constraint"}
	case d != nil && d.Score != nil:
		text := "scores " + v.Text(d.Score)
		if side := v.against(scoreValue(d.Score)); side != "" && v.HasTarget() {
			text += map[string]string{"better": ", which would meet the target", "equal": ", which only equals the target", "worse": ", which misses the target"}[side]
		}
		return reason{text, d.Score}
	case d != nil && d.AtMost != nil:
		word := "at most "
		if v.Lower() {
			word = "at least "
		}
		return reason{text: "refused: " + word + v.Text(d.AtMost)}
	case h.Alone != nil:
		return reason{text: "not tried with this mix; alone at " + v.lowOf(h) + " it scores " + v.Text(h.Alone)}
	case v.losses[i].Lost != nil:
		return reason{text: fmt.Sprintf("not tried with this mix; at its step of the chain the score fell by %s", number(*v.losses[i].Lost))}
	}
	return reason{text: "not tried with this mix"}
}

// stayCard is the picture of one holder.
func (v *view) stayCard(i int, why string, f *fit) *card {
	h := v.Holders[i]
	c := &card{ID: fmt.Sprintf("%s-c%d", v.ID, i), Back: fmt.Sprintf("%s-n%d", v.ID, i), Title: fmt.Sprintf("%d %s", i, clipped(short(h.Name), 44))}
	c.Notes = []string{"With it at " + v.lowOf(h) + " too: " + why + "."}
	if f == nil {
		return c
	}
	c.Picture = v.histogram(c.ID, i)
	notes := []string{fmt.Sprintf("the middle 95 %% of its values have %s steps of %s", brief2(f.steps), v.LowName())}
	if f.clipped > 0 {
		notes = append(notes, fmt.Sprintf("%s %% are clipped", brief2(100*f.clipped)))
	}
	if h.High.Type == "" && step(h.High) > 0 {
		notes = append(notes, fmt.Sprintf("a step is %s, of %s %s", brief(step(h.Low)), v.HighName(), brief(step(h.High))))
	}
	text := strings.Join(notes, "; ") + "."
	c.Notes = append(c.Notes, strings.ToUpper(text[:1])+text[1:])
	return c
}
