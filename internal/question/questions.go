package question

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/internal/scan"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/trial"
	"example.org/demote/result"
)

// Questions are asked of the samples, the float network and the two endpoints on the way to the first trial: whether
// they are what the user takes them for. They remember what they have seen.
type Questions struct {
	*trial.Runner
	result.Questions
	DataScan   *scan.Scan // what the samples are like, beside calibScan of the calibration; nil: nothing was calibrated
	floatSight *Sight     // what the float network made of the samples; nil for a pair
	highSight  *Sight     // what the network made of them with everything on the high grids
	scored     bool       // the float network's score has been asked about
	over       bool       // all has been asked: a block that had to shrink asks nothing again
}

// question runs a part of the questions and books its time.
func (s *Questions) question(ask func() error) error {
	work := s.Config.Begin(stage.Questions, "", 0, 0)
	err := ask()
	s.Seconds += work.End().Seconds()
	return err
}

// QuestionFirst asks what can be asked before any network runs: of the samples and their labels.
func (s *Questions) QuestionFirst() error {
	s.Seconds = s.ScanTime
	return s.question(func() error {
		for _, w := range questionLabels(s.Runner.Task, s.Config) {
			s.Warned(w)
		}
		s.sayClasses()
		return s.questionData()
	})
}

// AskEnds asks what the two endpoints tell: it is the last before the first trial.
func (s *Questions) AskEnds(ctx context.Context) error {
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
	s.Result.Questions = &s.Questions
	return err
}

// SeeFloat is shown what the float network makes of every sample.
func (s *Questions) SeeFloat(e *backend.Evaluator) backend.Look {
	s.floatSight = NewSight(s.Runner.Task, s.Metric, s.Config, e)
	return s.floatSight.look()
}

// SeeHigh is shown what the network makes of every sample with everything on the high grids.
func (s *Questions) SeeHigh(e *backend.Evaluator) backend.Look {
	if s.over {
		return trial.Unseen
	}
	s.highSight = NewSight(s.Runner.Task, s.Metric, s.Config, e)
	return s.highSight.look()
}

// AskFloat asks whether the float network scores what a trained one does.
func (s *Questions) AskFloat(ctx context.Context, src *segments.Source) error {
	if s.scored {
		return nil
	}
	s.scored = true
	return s.question(func() error { return s.questionScore(ctx, s.floatSight, src) })
}
