package machine

import (
	"context"
	"errors"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/internal/store"
)

// TestFailedBlockIsNotJudged: a lane that fails behind the hand-over to a metric server is the job's error, whatever
// the server answers.
func TestFailedBlockIsNotJudged(t *testing.T) {
	broken := errors.New("the lane is broken")
	judged := func() error { return nil }
	for _, want := range []error{nil, broken} {
		p := newPool([]func(store.Job) report{func(store.Job) report { return report{err: want, later: judged} }}, 1)
		booked := 0
		err := p.run(context.Background(), store.Job{}, 0, 3, nil, make([]bounds.Gain, 3), func(report) { booked++ })
		p.Close()
		if !errors.Is(err, want) || booked == 0 {
			t.Errorf("%v of %d blocks, want %v", err, booked, want)
		}
	}
}
