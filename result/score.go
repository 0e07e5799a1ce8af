package result

import (
	"fmt"
	"math"
)

// A Target is the target as typed and as the search compared it.
type Target struct {
	Text  string  `json:"text"`
	Value float64 `json:"value"`
}

// Scores are the scores of the four networks; Float is null for a pair.
type Scores struct {
	Float *Score `json:"float"`
	High  *Score `json:"high"`
	Low   *Score `json:"low"`
	Mixed *Score `json:"mixed"`
}

// A Score is one score in the metric's own unit and sign; counts are null for metrics that
// do not count, and the value is null where it is infinite.
type Score struct {
	Correct *int     `json:"correct"`
	Total   *int     `json:"total"`
	Value   *float64 `json:"value"`
}

// Number writes a score that does not count, in the metric's own sign; v is nil where it is infinite and better than
// all.
func Number(v *float64) string {
	switch {
	case v == nil || *v == -Worst:
		return "infinite"
	case *v == Worst:
		return "-infinite"
	}
	return fmt.Sprintf("%.6g", *v)
}

// Worst stands for the score that is worse than all, as null stands for the one that is better: what is infinitely
// far from the reference, and what is no number.
const Worst = -math.MaxFloat64
