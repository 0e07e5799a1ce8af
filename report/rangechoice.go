package report

import (
	"fmt"
	"strings"

	"example.org/demote/result"
)

// choice says how --range auto has chosen the low grids; nothing where it has not.
func (v *view) choice(s *section) {
	if len(v.Result.Ranges) == 0 {
		return
	}
	chosen, held := result.RangeScore{}, []string(nil)
	rows := make([][]string, len(v.Result.Ranges))
	for i, one := range v.Result.Ranges {
		name, score, right := one.Method, "no better than one before", ""
		if name == result.EachItsOwn {
			name = "each activation's own"
		}
		if len(one.Int16) > 0 {
			held, name = one.Int16, name+", without what dominates"
		}
		if one.Score != nil {
			chosen, score, right = one, maybe(one.Score.Value), count(one.Score.Correct)
		}
		rows[i] = []string{name, score, right}
	}
	_, weights, ok := v.WeightWidths() // methods are compared with all weights high
	all := besideWeights("all "+v.LowName(), weights, ok)
	text := fmt.Sprintf("The %s grids are by the range method %s, with which %s scores best.", v.LowName(), chosen.Method, all)
	if chosen.Method == result.EachItsOwn {
		text = fmt.Sprintf("The %s grids are by the range method with which each activation alone moves the outputs least: so %s scores best.", v.LowName(), all)
	}
	if len(held) > 0 {
		text += fmt.Sprintf(" That was chosen with %s at %s, since nearly all of the harm of all %s is theirs; they have the method that was best with all at %s.",
			strings.Join(held, ", "), v.HighName(), v.LowName(), v.LowName())
	}
	s.Paragraphs = append(s.Paragraphs, text+" They were chosen before the first evaluation.")
	s.Tables = append(s.Tables, newTable(s.ID+"-methods", fmt.Sprintf("A%s by each range method, in the order in which they were tried", strings.TrimPrefix(all, "a")),
		append(textColumns("range method", "score"), numberColumns("correct")...), rows))
}
