package result

import (
	"fmt"
	"math"
)

// A Target is the target as typed, and the value that scores must exceed.
type Target struct {
	Text  string  `json:"text"`
	Value float64 `json:"value"`
}

// Scores are the scores of four networks: the float one (null for a pair), all int16, all int8 and the mix.
type Scores struct {
	Float *Score `json:"float"`
	High  *Score `json:"high"`
	Low   *Score `json:"low"`
	Mixed *Score `json:"mixed"`
}

// A Score is one score in the metric's own unit and sign. Counts are null for metrics that do not count samples. Value
// is null if it is infinite and better than all; see Worst.
type Score struct {
	Correct *int     `json:"correct"`
	Total   *int     `json:"total"`
	Value   *float64 `json:"value"`
}

// WorstText says Worst, in either sign: result.json does not tell which of the two it was.
const WorstText = "NaN or infinite"

// Number formats a score that does not count samples, in the metric's own sign. A nil v is infinite, and better than
// all; what is worse than all is WorstText.
func Number(v *float64) string {
	switch {
	case v == nil:
		return "infinite"
	case math.Abs(*v) == -Worst:
		return WorstText
	}
	return fmt.Sprintf("%.6g", *v)
}

// Worst is the score in result.json of what is worse than all: infinitely far from the reference, or NaN. The score
// that is better than all, an infinite one, is null.
const Worst = -math.MaxFloat64
