package tty

import (
	"fmt"
	"math"
	"time"
)

// An ETA is how far a search is and what time remains, as the bar shows it.
type ETA struct {
	Text        string
	Left        bool // the time that remains is known
	Least, Most time.Duration
	At          time.Time // when that was worked out
}

// String is the eta at the time at which it is asked: what remains gets less while one long trial runs.
func (s *ETA) String() string {
	if !s.Left {
		return s.Text
	}
	gone := time.Since(s.At)
	return s.Text + ", " + LeftText(s.Least-gone, s.Most-gone)
}

// LeftText writes a range of time: 10 to 40 s left, 40 s to 2 min left.
func LeftText(least, most time.Duration) string {
	if most < 2*time.Second {
		return "nearly done"
	}
	a, unit := rough(max(least, 0))
	b, unit2 := rough(most)
	switch {
	case unit != unit2:
		return fmt.Sprintf("%s %s to %s %s left", a, unit, b, unit2)
	case a == b:
		return fmt.Sprintf("%s %s left", b, unit2)
	}
	return fmt.Sprintf("%s to %s %s left", a, b, unit2)
}

// rough writes a time with its unit, to no more digits than an estimate has.
func rough(d time.Duration) (number, unit string) {
	switch s := d.Seconds(); {
	case s < 10:
		return fmt.Sprintf("%.0f", s), "s"
	case s < 95:
		return fmt.Sprintf("%.0f", 5*math.Round(s/5)), "s"
	case s < 95*60:
		return fmt.Sprintf("%.0f", s/60), "min"
	default:
		return fmt.Sprintf("%.1f", s/3600), "h"
	}
}
