package bounds

import "testing"

// TestAtMost is the best that a trial of three blocks of two samples can still come to after the first.
func TestAtMost(t *testing.T) {
	counted := &Evaluator{rule: &Rule{Kind: Counted, Sizes: []int{2, 2, 2}}}
	counted.rule.prepare()
	if s, ok := counted.AtMost(Progress{Blocks: 1, Count: 1}); !ok || s.Count != 5 || s.Total != 6 {
		t.Errorf("counted: %+v, %v", s, ok)
	}
	mean := &Evaluator{rule: &Rule{Kind: Mean, Sizes: []int{2, 2, 2}, Best: 1}}
	mean.rule.prepare()
	if s, ok := mean.AtMost(Progress{Blocks: 1, Sum: -4}); !ok || s.Value != 0 {
		t.Errorf("a mean: %+v, %v", s, ok)
	}
	whole := &Evaluator{rule: &Rule{Kind: Whole, Sizes: []int{2, 2, 2}}}
	whole.rule.prepare()
	if s, ok := whole.AtMost(Progress{Blocks: 1, Sum: 1}); ok {
		t.Errorf("of a whole there is no bound: %+v", s)
	}
}
