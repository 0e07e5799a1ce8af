package report

import (
	"fmt"
	"slices"
	"strconv"

	"example.org/demote/result"
)

// holderTable has a row for every holder: its bit-width, and every measure of the cost of its demotion. The columns of
// measures without a value are left out.
func (v *view) holderTable(id string) *table {
	alone := v.lostAlone()
	head := slices.Concat(numberColumns("number"), textColumns("holder", "bit-width"), numberColumns("demoted at step", "score lost at it", "others at that step"))
	withAlone, withDistance := knownValues(alone) > 0, knownValues(v.distances()) > 0
	if withAlone {
		head = append(head, numberColumns("score alone", "score lost alone")...)
	}
	if withDistance {
		head = append(head, numberColumns("squared error alone")...)
	}
	rows := make([][]string, len(v.Holders))
	for i, h := range v.Holders {
		l := v.losses[i]
		place, with := "", ""
		if l.Place > 0 {
			place, with = fmt.Sprint(l.Step), fmt.Sprint(l.With)
		}
		rows[i] = []string{fmt.Sprint(i), short(h.Name), h.Precision, place, maybe(l.Lost), with}
		if withAlone {
			rows[i] = append(rows[i], maybe(scoreValue(h.Alone)), maybe(alone[i]))
		}
		if withDistance {
			rows[i] = append(rows[i], maybe(h.Distance))
		}
	}
	t := newTable(id, "Holders in graph order, their bit-widths and what their demotion cost", head, rows)
	for i := range t.Rows {
		t.RowIDs, t.Backs = append(t.RowIDs, fmt.Sprintf("%s-h%d", v.ID, i)), append(t.Backs, fmt.Sprintf("%s-n%d", v.ID, i))
	}
	return t
}

func (v *view) sensitivity() *section {
	list := v.measures()
	if len(list) == 0 {
		return nil
	}
	s := v.section("sensitivity", "Sensitivity")
	s.Paragraphs = v.sensitivityWords(list)
	more := v.ID + "-network-table"
	for _, m := range list {
		for _, f := range []*figure{v.ranking(s.ID+"-"+m.ID, more, m), v.along(s.ID+"-"+m.ID+"-along", more, m)} {
			if f != nil {
				s.Figures = append(s.Figures, f)
			}
		}
	}
	return s
}

// beyond is by how much the calibration's values reach past a grid, both ends together, in the values' unit; nil
// without calibration.
func beyond(h *result.Holder, g result.Grid) *float64 {
	if g.Type != "" || h.Seen == nil || finite(&h.Seen.Min) == nil || finite(&h.Seen.Max) == nil {
		return nil
	}
	past := max(g.Min-h.Seen.Min, 0) + max(h.Seen.Max-g.Max, 0)
	if past <= step(g)/2 { // that is rounding
		past = 0
	}
	return &past
}

// step is the distance of two values of a grid, as result.json writes it.
func step(g result.Grid) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(float64(g.Scale), 'g', -1, 32), 64)
	if err != nil { // beyond float32, which no file can say
		return float64(g.Scale)
	}
	return v
}

func (v *view) grids() *section {
	s := v.section("grids", "Ranges and grids")
	more := s.ID + "-table"
	for _, f := range []*figure{v.ranges(s.ID+"-ranges", more), v.resolution(s.ID+"-steps", more)} {
		if f != nil {
			s.Figures = append(s.Figures, f)
		}
	}
	if len(s.Figures) == 0 {
		return nil
	}
	seen := slices.ContainsFunc(v.Holders, func(h result.Holder) bool { return h.Seen != nil })
	s.Paragraphs = []string{"A value beyond the end of a grid is clipped to it; one between two steps is rounded to the nearer. Where the " + v.lowWords() +
		" bar is shorter than the " + v.highWords() + " one, demotion clips more; where the steps lie far apart, it rounds more."}
	if seen {
		s.Paragraphs = append(s.Paragraphs, v.clippedWords())
	} else {
		s.Paragraphs = append(s.Paragraphs, "What values the tensors had is not known: this run calibrated nothing itself.")
	}
	low, high := v.lowWords(), v.highWords()
	head := slices.Concat(numberColumns("number"), textColumns("holder"),
		numberColumns(low+" min", low+" max", low+" step", low+" zero point", high+" min", high+" max", high+" step", high+" zero point", "step "+low+" / "+high))
	if seen {
		head = append(head, numberColumns("seen min", "seen max", "clipped by "+low, "clipped by "+high)...)
	}
	if len(v.Result.Ranges) > 0 {
		head = append(head, textColumns(low+" range by")...)
	}
	rows := make([][]string, len(v.Holders))
	for i, h := range v.Holders {
		times := ""
		if step(h.High) > 0 && step(h.Low) > 0 && step(h.Low)/step(h.High) <= drawable {
			times = brief(step(h.Low) / step(h.High))
		}
		rows[i] = []string{fmt.Sprint(i), short(h.Name), number(h.Low.Min), number(h.Low.Max), number(step(h.Low)), fmt.Sprint(h.Low.ZeroPoint),
			number(h.High.Min), number(h.High.Max), number(step(h.High)), fmt.Sprint(h.High.ZeroPoint), times}
		switch {
		case h.Seen != nil:
			rows[i] = append(rows[i], number(h.Seen.Min), number(h.Seen.Max), maybe(beyond(&h, h.Low)), maybe(beyond(&h, h.High)))
		case seen:
			rows[i] = append(rows[i], "", "", "", "")
		}
		if len(v.Result.Ranges) > 0 {
			rows[i] = append(rows[i], h.Range)
		}
	}
	s.Tables = []*table{newTable(more, "The two grids of every holder", head, rows)}
	v.choice(s)
	v.repairs(s)
	return s
}

// clippedWords says how many grids are shorter than what the calibration saw.
func (v *view) clippedWords() string {
	low, high := 0, 0
	for _, h := range v.Holders {
		if b := beyond(&h, h.Low); b != nil && *b > 0 {
			low++
		}
		if b := beyond(&h, h.High); b != nil && *b > 0 {
			high++
		}
	}
	return fmt.Sprintf("The thin line is what the calibration saw. It reaches past the %s grid at %s and past the %s grid at %d: there demotion clips values that calibration had; "+
		"the table says by how much.", v.lowWords(), plural(low, "holder"), v.highWords(), high)
}
