package bounds

import "example.org/demote/search"

// AtMost is the highest score that an unfinished trial can still reach; false if there is no bound.
func (e *Evaluator) AtMost(p Progress) (search.Score, bool) {
	k := e.rule.upper(p)
	switch {
	case k == unknown:
		return search.Score{}, false
	case e.rule.Kind == Counted:
		return search.Score{Count: int(k), Total: e.rule.total()}, true
	}
	return search.Score{Value: unorder(k)}, true
}
