package report

import (
	"fmt"
	"strings"

	"example.org/demote/result"
)

// repairs says which repairs were tried, and what each of those that were taken has gained; nothing where none was
// tried.
func (v *view) repairs(s *section) {
	if len(v.Result.Repairs) == 0 {
		return
	}
	rows := make([][]string, len(v.Result.Repairs))
	for i, one := range v.Result.Repairs {
		score, right := "no better, undone", ""
		switch {
		case one.Changed == 0:
			score = "nothing to repair so, skipped"
		case one.Score != nil:
			score, right = maybe(one.Score.Value), count(one.Score.Correct)
		}
		rows[i] = []string{one.Name, score, right}
	}
	text := fmt.Sprintf("The network was searched without repairs: with none of them %s scores better.", v.allLow())
	if taken := result.Taken(v.Result.Repairs); len(taken) > 0 {
		text = fmt.Sprintf("The network was repaired before the search: %s. Its grids and the promotion list are those of the repaired network.", strings.Join(taken, ", "))
		if g := v.Result.Given; g != nil {
			text += fmt.Sprintf(" As given, %s scores %s and %s %s; the target is measured from these.", v.allHigh(), maybe(g.High.Value), v.allLow(), maybe(g.Low.Value))
		}
	}
	s.Paragraphs = append(s.Paragraphs, text)
	s.Tables = append(s.Tables, newTable(s.ID+"-repairs", fmt.Sprintf("A%s with each repair, on top of those taken before it", strings.TrimPrefix(v.allLow(), "a")),
		append(textColumns("repair", "score"), numberColumns("correct")...), rows))
}
