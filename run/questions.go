package run

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/result"
)

// asked is what the questions need to remember on the way to the first trial.
type asked struct {
	result.Questions
	calib, data *scan  // what the samples are like; calib is nil where nothing is calibrated
	float       *sight // what the float network made of the samples; nil for a pair
	high        *sight // what the network made of them with everything on the high grids
	scored      bool   // the float network's score has been asked about
	over        bool   // all has been asked: a block that had to shrink asks nothing again
}

// question runs a part of the questions and books its time.
func (s *searching) question(ask func() error) error {
	work := s.config.begin(stage.Questions, "", 0, 0)
	err := ask()
	s.doubts.Seconds += work.End().Seconds()
	return err
}

// questionFirst asks what can be asked before any network runs: of the samples and their labels.
func (s *searching) questionFirst() error {
	s.doubts = &asked{calib: s.calibScan}
	s.doubts.Seconds = s.scanTime
	return s.question(func() error {
		for _, w := range s.questionLabels(s.config) {
			s.warned(w)
		}
		s.sayClasses()
		return s.questionData()
	})
}

// questionEnds asks what the two endpoints tell: it is the last before the first trial.
func (s *searching) questionEnds(ctx context.Context) error {
	q := s.doubts
	if q == nil || q.over {
		return nil
	}
	q.over = true
	err := s.question(func() error {
		if q.float == nil && q.high != nil { // a pair
			if err := s.questionScore(ctx, q.high, nil); err != nil {
				return err
			}
		}
		return s.questionHigh(ctx)
	})
	s.result.Questions = &q.Questions
	return err
}

// seeFloat is shown what the float network makes of every sample.
func (s *searching) seeFloat(e *backend.Evaluator) func(sample int, values []float32) {
	if s.doubts == nil {
		return func(int, []float32) {}
	}
	s.doubts.float = s.newSight(s.metric, s.config, e)
	return s.doubts.float.see
}

// seeHigh is shown what the network makes of every sample with everything on the high grids.
func (s *searching) seeHigh(e *backend.Evaluator) func(sample int, values []float32) {
	if s.doubts == nil || s.doubts.over {
		return func(int, []float32) {}
	}
	s.doubts.high = s.newSight(s.metric, s.config, e)
	return s.doubts.high.see
}

// questionFloat asks whether the float network scores what a trained one does.
func (s *searching) questionFloat(ctx context.Context, src *segments.Source) error {
	q := s.doubts
	if q == nil || q.scored {
		return nil
	}
	q.scored = true
	return s.question(func() error { return s.questionScore(ctx, q.float, src) })
}
