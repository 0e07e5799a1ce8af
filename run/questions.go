package run

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/result"
)

// questions are asked of the samples, the float network and the two endpoints on the way to the first trial: whether
// they are what the user takes them for. They remember what they have seen.
type questions struct {
	*compiled
	result.Questions
	dataScan   *scan  // what the samples are like, beside calibScan of the calibration; nil: nothing was calibrated
	floatSight *sight // what the float network made of the samples; nil for a pair
	highSight  *sight // what the network made of them with everything on the high grids
	scored     bool   // the float network's score has been asked about
	over       bool   // all has been asked: a block that had to shrink asks nothing again
}

// questioning begins the questions of a search.
func (s *searching) questioning() error {
	s.doubts = &questions{compiled: s.compiled}
	s.watch = s.doubts
	return s.doubts.questionFirst()
}

// question runs a part of the questions and books its time.
func (s *questions) question(ask func() error) error {
	work := s.config.begin(stage.Questions, "", 0, 0)
	err := ask()
	s.Seconds += work.End().Seconds()
	return err
}

// questionFirst asks what can be asked before any network runs: of the samples and their labels.
func (s *questions) questionFirst() error {
	s.Seconds = s.scanTime
	return s.question(func() error {
		for _, w := range s.questionLabels(s.config) {
			s.warned(w)
		}
		s.sayClasses()
		return s.questionData()
	})
}

// AskEnds asks what the two endpoints tell: it is the last before the first trial.
func (s *questions) AskEnds(ctx context.Context) error {
	if s.over {
		return nil
	}
	s.over = true
	err := s.question(func() error {
		if s.floatSight == nil && s.highSight != nil { // a pair
			if err := s.questionScore(ctx, s.highSight, nil); err != nil {
				return err
			}
		}
		return s.questionHigh(ctx)
	})
	s.result.Questions = &s.Questions
	return err
}

// SeeFloat is shown what the float network makes of every sample.
func (s *questions) SeeFloat(e *backend.Evaluator) func(sample int, values []float32) {
	s.floatSight = s.newSight(s.metric, s.config, e)
	return s.floatSight.see
}

// SeeHigh is shown what the network makes of every sample with everything on the high grids.
func (s *questions) SeeHigh(e *backend.Evaluator) func(sample int, values []float32) {
	if s.over {
		return func(int, []float32) {}
	}
	s.highSight = s.newSight(s.metric, s.config, e)
	return s.highSight.see
}

// AskFloat asks whether the float network scores what a trained one does.
func (s *questions) AskFloat(ctx context.Context, src *segments.Source) error {
	if s.scored {
		return nil
	}
	s.scored = true
	return s.question(func() error { return s.questionScore(ctx, s.floatSight, src) })
}
