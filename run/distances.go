package run

import (
	"context"
	"maps"

	"example.org/demote/backend"
	"example.org/demote/search"
)

// remembering is the evaluator of a search, with the distances that are known: a ranking takes two passes over the
// samples, and a run that goes on, or that has several targets, takes them once.
type remembering struct {
	*backend.Evaluator
	known map[string]float64 // distances, by Mask.Key
	learn func(search.Mask, float64) error
}

// Distance returns what Evaluator.Distance does.
func (r remembering) Distance(ctx context.Context, mask search.Mask) (float64, error) {
	if d, ok := r.known[mask.Key()]; ok {
		return d, nil
	}
	d, err := r.Evaluator.Distance(ctx, mask)
	if err != nil {
		return d, err
	}
	r.known[mask.Key()] = d
	return d, r.learn(mask, d)
}

// exact is the evaluator of scores in the exact session.
func (s *searchRun) exact() remembering {
	return remembering{s.Ev, s.distances, s.journal.LearntDistance}
}

// recallDistances enters the distances of a journal.
func (s *runFolder) recallDistances() error {
	known, err := s.journal.Distances(len(s.Records))
	if err != nil {
		return err
	}
	maps.Copy(s.distances, known)
	return nil
}
