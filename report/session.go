package report

import (
	"fmt"
	"math"
)

// inDefault says whether a mix that meets its target in the exact session misses it in a default one, such as "missed
// in the default session by 0.0015"; empty if it is met there, or if there is no score.
func (r *Run) inDefault() string {
	f := r.Verified
	if f == nil || !r.Met || !r.HasTarget() {
		return ""
	}
	if f.DefaultMet == nil && f.DefaultCorrect == nil && f.DefaultValue == nil {
		return "not known in the default session, which cannot run the file"
	}
	if f.DefaultMet != nil && *f.DefaultMet || f.DefaultMet == nil && !r.misses(f.DefaultValue) {
		return ""
	}
	text := "missed in the default session"
	if target := r.targetValue(); f.DefaultValue != nil && target != nil && *f.DefaultValue != *target {
		text += fmt.Sprintf(" by %s", brief(math.Abs(*f.DefaultValue-*target)))
	}
	return text
}

// misses tells of a result without the field whether a score is on the wrong side of the target; the mix with nothing
// in int8 may equal it.
func (r *Run) misses(value *float64) bool {
	target := r.targetValue()
	switch {
	case value == nil || target == nil:
		return false
	case *value == *target:
		return r.lowCount() > 0
	}
	return (*value > *target) == r.Lower()
}
