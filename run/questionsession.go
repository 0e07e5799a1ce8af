package run

import (
	"fmt"
	"math"

	"demote/search"
)

// exactCure is how a file runs as it is written.
const exactCure = "session.disable_quant_qdq=1 and session.disable_double_qdq_remover=1"

// inDefaultSession books what a default session makes of a mix's file, and whether it meets the target there. Without a
// target nothing is met or missed.
func (s *searching) inDefaultSession(v *Verified, score search.Score) {
	r := scoreResult(score, s.metric.Lower)
	v.DefaultCorrect, v.DefaultValue = r.Correct, r.Value
	if s.result != nil && s.result.Int16Share == "" {
		met := s.holds(score)
		v.DefaultMet = &met
	}
}

// questionDefault warns of a mix that meets the target in the exact session and not in the one that users run.
func (s *searching) questionDefault(v *Verified) {
	if !s.result.Met || s.result.Int16Share != "" || v.DefaultMet == nil || *v.DefaultMet {
		return // what cannot run there has been said
	}
	s.warn("default-session-misses", "the target is met in the exact session, and missed in a default session of ONNX Runtime "+s.result.shortfall(v),
		orSaturation("--session default finds a mix that meets it in both, or run the file with "+exactCure))
}

// shortfall says by how much a default session misses the target: "by 0.0015: 0.9110 of 0.9125".
func (r *Result) shortfall(v *Verified) string {
	if v.DefaultValue == nil || math.Abs(*v.DefaultValue) == -worst {
		return "by far"
	}
	miss := math.Abs(*v.DefaultValue - r.Target.Value)
	if miss == 0 {
		return fmt.Sprintf("by a hair: %.6g is not %s it", *v.DefaultValue, r.side())
	}
	return fmt.Sprintf("by %.4g: %.6g, not %s %.6g", miss, *v.DefaultValue, r.side(), r.Target.Value)
}

// side is the side of the target on which scores meet it.
func (r *Result) side() string {
	if r.Lower {
		return "below"
	}
	return "above"
}

// MissedByDefault says in a few words that the mix meets its target in the exact session alone, and by how much; empty
// where it holds in both, or nothing is known of the default session.
func (r *Result) MissedByDefault() string {
	v := r.Verified
	if v == nil || !r.Met || r.Int16Share != "" || v.DefaultMet == nil || *v.DefaultMet {
		return ""
	}
	return r.shortfall(v)
}

// DefaultUnknown tells whether the mix meets its target in the exact session, and a default session could not run it.
func (r *Result) DefaultUnknown() bool {
	return r.Verified != nil && r.Met && r.Int16Share == "" && r.Verified.DefaultMet == nil
}
