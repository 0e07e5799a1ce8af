package machine

import (
	"errors"
	"testing"

	"example.org/demote/backend/device"
)

// replaying is a lane whose replays give what it captured first, if they are stale, and else what plain runs give.
type replaying struct {
	device.Lane
	stale, plain bool
	why          string
	first        []float32
}

func (l *replaying) Plainly(on bool)    { l.plain = on }
func (l *replaying) Abandon(why string) { l.why = why }
func (l *replaying) Graphs() (int, string) {
	if l.why != "" {
		return 0, l.why
	}
	return 1, ""
}

func (l *replaying) run(value float32) func() ([]float32, error) {
	return func() ([]float32, error) {
		now := []float32{value}
		if l.first == nil {
			l.first = now
		}
		if l.stale && !l.plain {
			return l.first, nil
		}
		return now, nil
	}
}

// TestStaleReplaysAreAbandoned holds that a lane whose replays do not give the bits of plain runs runs plainly.
func TestStaleReplaysAreAbandoned(t *testing.T) {
	for _, stale := range []bool{false, true} {
		l := &replaying{stale: stale}
		if err := checkReplay(l, l.run(1), l.run(2)); err != nil {
			t.Fatal(err)
		}
		if _, why := l.Graphs(); (why == otherBits) != stale || l.plain {
			t.Errorf("stale %v: %q, runs plainly for now: %v", stale, why, l.plain)
		}
	}
	l, broken := &replaying{}, errors.New("the GPU failed")
	if err := checkReplay(l, l.run(1), func() ([]float32, error) { return nil, broken }); !errors.Is(err, broken) || l.plain {
		t.Errorf("got %v, runs plainly for now: %v", err, l.plain)
	}
}
