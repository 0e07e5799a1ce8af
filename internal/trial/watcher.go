package trial

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/internal/segments"
)

// A watcher is shown what the two endpoints make of every sample, and asks what it makes of them itself.
type watcher interface {
	// SeeFloat returns the look at the outputs of the float network, sample by sample: at marks of all, and some rows.
	SeeFloat(e *backend.Evaluator) backend.Look
	// SeeHigh returns the look at the outputs with everything on the high grids.
	SeeHigh(e *backend.Evaluator) backend.Look
	// AskFloat is called once the float network has a score; src is its network, nil where samples have several
	// shapes.
	AskFloat(ctx context.Context, src *segments.Source) error
	// AskEnds is the last before the first trial.
	AskEnds(ctx context.Context) error
}

// unwatched is shown all and asks nothing.
type unwatched struct{}

func (unwatched) SeeFloat(*backend.Evaluator) backend.Look { return Unseen }

func (unwatched) SeeHigh(*backend.Evaluator) backend.Look { return Unseen }

func (unwatched) AskFloat(context.Context, *segments.Source) error { return nil }

func (unwatched) AskEnds(context.Context) error { return nil }

// Unseen is the look of who wants to see nothing.
var Unseen = backend.Look{Mark: func(int, backend.Mark) {}}
