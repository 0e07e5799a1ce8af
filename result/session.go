package result

import (
	"fmt"
	"math"
)

// Shortfall says by how much a default session misses the target: "by 0.0015: 0.9110 of 0.9125".
func (r *Result[C]) Shortfall(v *Verified) string {
	if v.DefaultValue == nil || math.Abs(*v.DefaultValue) == -Worst {
		return "by far"
	}
	miss := math.Abs(*v.DefaultValue - r.Target.Value)
	if miss == 0 {
		return fmt.Sprintf("by a hair: %.6g is not %s it", *v.DefaultValue, r.Side())
	}
	return fmt.Sprintf("by %.4g: %.6g, not %s %.6g", miss, *v.DefaultValue, r.Side(), r.Target.Value)
}

// Side is the side of the target on which scores meet it: above or below.
func (r *Result[C]) Side() string {
	if r.Lower {
		return "below"
	}
	return "above"
}

// MissedByDefault says in a few words that the mix meets its target in the exact session alone, and by how much;
// empty if it meets it in both, or if there is no score of a default session.
func (r *Result[C]) MissedByDefault() string {
	v := r.Verified
	if v == nil || !r.Met || !r.HasTarget() || v.DefaultMet == nil || *v.DefaultMet {
		return ""
	}
	return r.Shortfall(v)
}

// DefaultUnknown reports whether the mix meets its target in the exact session, and a default session could not run it.
func (r *Result[C]) DefaultUnknown() bool {
	return r.Verified != nil && r.Met && r.HasTarget() && r.Verified.DefaultMet == nil
}
