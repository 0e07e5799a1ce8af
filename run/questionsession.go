package run

import (
	"example.org/demote/result"
	"example.org/demote/search"
)

// exactCure is how a file runs as it is written.
const exactCure = "session.disable_quant_qdq=1 and session.disable_double_qdq_remover=1"

// inDefaultSession books what a default session makes of a mix's file, and whether it meets the target there. Without
// a target nothing is met or missed.
func (s *checker) inDefaultSession(v *result.Verified, score search.Score) {
	r := scoreResult(score, s.metric.Lower)
	v.DefaultCorrect, v.DefaultValue = r.Correct, r.Value
	if s.result != nil && s.result.Int16Share == "" {
		met := s.holds(score)
		v.DefaultMet = &met
	}
}

// questionDefault warns of a mix that meets the target in the exact session and not in the one that users run.
func (s *checker) questionDefault(v *result.Verified) {
	if !s.result.Met || s.result.Int16Share != "" || v.DefaultMet == nil || *v.DefaultMet {
		return // what cannot run there has been said
	}
	s.warn("default-session-misses", "the target is met in the exact session, and missed in a default session of ONNX Runtime "+s.result.Shortfall(v),
		orSaturation("--session default finds a mix that meets it in both, or run the file with "+exactCure))
}
