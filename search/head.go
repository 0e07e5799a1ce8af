package search

// A head refuses masks near a base by the few samples that tell most of them, see HeadEvaluator: those that lose more
// on these samples alone than the base may lose on all. The rest of the samples could make up for that, but seldom
// does: of 751 mixes that swaps of seven searches left unscored 5 would have held (docs/strategies.md). What is kept is
// always decided by all samples.
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

// over is how many samples of the head count under a mask beyond the least; below zero the mask is refused. from is
// what the evaluator may go on from.
func (h head) over(s *session, from, mask Mask) (int, error) {
	count, _, err := h.ev.Head(s.ctx, from, mask)
	return count - h.least, err
}

// sifted is a candidate that the head has not refused.
type sifted struct {
	at   int // index
	over int // see head.over
}

// sift lists the candidates that are not refused, in their order. stand is what the evaluator may go on from. Each one
// counts as an evaluation, and to score it counts as none; without a head all are listed, and none counts. The error
// is errSpent if the budget is used up, else the evaluator's.
func (h head) sift(s *session, stand Mask, candidates []Mask) (left []sifted, err error) {
	for i, m := range candidates {
		if h.ev == nil {
			left = append(left, sifted{at: i})
			continue
		}
		if s.left() == 0 {
			if i == 0 {
				return nil, errSpent
			}
			return left, nil
		}
		over, err := h.over(s, stand, m)
		if err != nil {
			return nil, err
		}
		s.seen++
		s.res.Evaluations++
		if over >= 0 {
			left = append(left, sifted{i, over})
		}
	}
	return left, nil
}
