package question

import (
	"fmt"

	"example.org/demote/config"
	"example.org/demote/internal/task"
	"example.org/demote/result"
	"example.org/demote/search"
)

// QuestionTarget asks whether a target is what was meant, once it is a number.
func (s *Questions) QuestionTarget(target search.Target, goal search.Resolved, high search.Score) {
	text, lower := s.Config.Target, s.Metric.Lower
	if drop, percent := target.LooksLikeDrop(); percent && s.Metric.Fraction && !lower {
		from := "float"
		if s.FloatScore == nil {
			from = "16bit"
		}
		s.Warn("target-percent", fmt.Sprintf("the target %s is %s of the way from the int8 to the int16 score, above %.6g: nearly all that int8 loses may be lost", text, text, goal.Value),
			fmt.Sprintf("for a drop of at most %s write --target %s-%s, and 8bit+%s if this is meant", drop, from, drop, text))
	}
	if s.Metric.Fraction && goal.Value < 0 {
		s.Warn("target-below-zero", fmt.Sprintf("the target %s is %.6g, and no score of %s is below 0: every mix meets it", text, goal.Value, s.Metric.Name), "for a small drop write --target 16bit-0.005")
	}
	if goal.Finer {
		s.Warn("target-finer-than-sample", "the target is finer than one sample: no sample that the 16-bit network gets right may be lost", "give more samples, or a target that leaves some room")
		return
	}
	if may := high.Count - goal.Need; goal.Total > 0 && goal.Need > 0 && (may == 0 || may == 1) {
		most := "one of the %d samples may be lost"
		if may == 0 {
			most = "none of the %d samples may be lost"
		}
		s.Warn("target-one-sample", "a single sample decides whether the target is met: "+fmt.Sprintf(most, goal.Total), "give more samples, or a target that leaves some room")
	}
}

// questionLabels warns of labels that are all of one class: nothing tells the networks apart then. And of those of
// steps that look like others.
func questionLabels(p *task.Task, c config.Config) []result.Warning {
	if c.Commanded() {
		return nil
	}
	one := func(n int, at func(int) int64) (int64, bool) {
		for i := 1; i < n; i++ {
			if at(i) != at(0) {
				return 0, false
			}
		}
		if n < 2 {
			return 0, false
		}
		return at(0), true
	}
	what := "labels"
	class, all := one(len(p.Data.Labels()), func(i int) int64 { return p.Data.Labels()[i] })
	if pixels := p.Data.Pixels(); pixels != nil {
		if what = "pixels' labels"; len(p.Model.States) > 0 {
			what = "steps' labels"
		}
		class, all = one(len(pixels), func(i int) int64 { return int64(pixels[i]) })
	}
	if !all {
		return questionOneHot(p, c)
	}
	return []result.Warning{{ID: "labels-one-class", Text: fmt.Sprintf("all %s are %d: a network that always says %d is perfect on these samples", what, class, class), Cure: "give --data with samples of all classes, or the right --labels"}}
}
