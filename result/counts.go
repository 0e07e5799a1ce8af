package result

import "fmt"

// Count is a number of things in words: 1 evaluation, 2 evaluations.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// AreLow says of a number of holders that they have their low width: in int8; or low, where weights count among them.
func (r *Result[C]) AreLow() string {
	if _, _, weights := r.WeightWidths(); weights {
		return "low"
	}
	return "in " + r.Widths.LowName()
}

// WholeNames are the names of the networks between which a search goes as a whole, with everything high and with
// everything low: on a ladder those of its highest and its lowest width.
func (r *Result[C]) WholeNames() (high, low string) {
	if r.Ladder != nil {
		return "all " + r.Ends().HighName(), "all " + r.Ends().LowName()
	}
	return r.EndNames()
}
