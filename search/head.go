package search

// A head refuses masks near a base by the few samples that tell most of them, see HeadEvaluator: those that lose more
// on these samples alone than the base may lose on all. The rest of the samples could make up for that, but seldom
// does: none of 419 swaps that were refused so in six searches held (docs/strategies.md). What is kept is always
// decided by all samples.
type head struct {
	ev    HeadEvaluator // nil: it refuses nothing
	least int           // of the samples of the head that must count
}

// headOfBase is the head for masks near the base of now.
func (s *session) headOfBase() (h head, err error) {
	ev, is := s.ev.(HeadEvaluator)
	if !is {
		return h, nil
	}
	count, ok, err := ev.Head(s.ctx, s.base, s.base)
	if !ok || err != nil {
		return h, err
	}
	sc, err := s.ev.Score(s.ctx, s.base) // known: the base was kept
	if err != nil {
		return h, err
	}
	for sc.Count > 0 && s.holds(Score{Count: sc.Count - 1, Total: sc.Total}) {
		sc.Count--
		count--
	}
	return head{ev, count}, nil
}

// sift lists the candidates that are not refused, in their order, as indices; no more than the budget allows to score.
// stand is what the evaluator may go on from. Each that is refused counts as an evaluation. The error is errSpent if
// the budget is used up, else the evaluator's.
func (h head) sift(s *session, stand Mask, candidates []Mask) (left []int, err error) {
	for i, m := range candidates {
		count := h.least
		if h.ev != nil {
			if len(left) == s.left() {
				if len(left) == 0 {
					return nil, errSpent
				}
				break // the scan of these uses it up
			}
			if count, _, err = h.ev.Head(s.ctx, stand, m); err != nil {
				return nil, err
			}
		}
		if count < h.least {
			s.seen++
			s.res.Evaluations++
			continue
		}
		left = append(left, i)
	}
	return left, nil
}
