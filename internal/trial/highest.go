package trial

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// WithRecords does something with an evaluator of the task's network with other records, which keeps nothing.
func (s *Runner) WithRecords(ctx context.Context, records []quant.Record, f func(*backend.Evaluator) error) error {
	own := s.Records
	s.Records = records
	defer func() { s.Records = own }()
	return s.withEvaluator(ctx, nil, f)
}

// atHighest does something with an evaluator whose mask of no demotion is all int16: on the second step of a ladder,
// which begins with a mix, it has the grids of the first one, and stands beside the runner's own: a worker serves one
// at a time by a link.
func (s *Runner) atHighest(ctx context.Context, f func(e *backend.Evaluator, all search.Mask) error) error {
	all := search.NewMask(len(s.Records))
	first := s.First()
	if first == nil {
		return f(s.Ev, all)
	}
	aside, done, err := s.Aside(ctx)
	defer done()
	if err != nil {
		return err
	}
	return aside.WithRecords(ctx, first, func(e *backend.Evaluator) error { return f(e, all) })
}

// HighestOutcomes are those of all int16.
func (s *Runner) HighestOutcomes(ctx context.Context) (out []uint64, err error) {
	err = s.atHighest(ctx, func(e *backend.Evaluator, all search.Mask) (err error) {
		out, err = e.Outcomes(ctx, all)
		return err
	})
	return out, err
}

// HighestScore is the score of all int16.
func (s *Runner) HighestScore(ctx context.Context) (score search.Score, err error) {
	err = s.atHighest(ctx, func(e *backend.Evaluator, all search.Mask) (err error) {
		score, err = e.Score(ctx, all)
		return err
	})
	return score, err
}
