package trial

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/internal/segments"
)

// A watcher is shown what the two endpoints make of every sample, and asks what it makes of them itself.
type watcher interface {
	// SeeFloat returns what is shown the outputs of the float network, sample by sample.
	SeeFloat(e *backend.Evaluator) func(sample int, values []float32)
	// SeeHigh returns what is shown the outputs with everything on the high grids.
	SeeHigh(e *backend.Evaluator) func(sample int, values []float32)
	// AskFloat is called once the float network has a score; src is its network, nil where samples have several
	// shapes.
	AskFloat(ctx context.Context, src *segments.Source) error
	// AskEnds is the last before the first trial.
	AskEnds(ctx context.Context) error
}

// unwatched is shown all and asks nothing.
type unwatched struct{}

func (unwatched) SeeFloat(*backend.Evaluator) func(int, []float32) { return func(int, []float32) {} }

func (unwatched) SeeHigh(*backend.Evaluator) func(int, []float32) { return func(int, []float32) {} }

func (unwatched) AskFloat(context.Context, *segments.Source) error { return nil }

func (unwatched) AskEnds(context.Context) error { return nil }
