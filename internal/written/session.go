package written

import (
	"example.org/demote/internal/record"
	"example.org/demote/result"
	"example.org/demote/search"
)

// exactCure is how a file runs as it is written.
const exactCure = "session.disable_quant_qdq=1 and session.disable_double_qdq_remover=1"

// InDefaultSession books what a default session makes of a mix's file, and whether it meets the target there. Without
// a target nothing is met or missed.
func (s *Checker) InDefaultSession(v *result.Verified, score search.Score) {
	r := record.Score(score, s.Metric.Lower)
	v.DefaultCorrect, v.DefaultValue = r.Correct, r.Value
	if s.Result != nil && s.Result.HasTarget() {
		met := s.Holds(score)
		v.DefaultMet = &met
	}
}

// QuestionDefault warns of a mix that meets the target in the exact session and not in the one that users run.
func (s *Checker) QuestionDefault(v *result.Verified) {
	if !s.Result.Met || !s.Result.HasTarget() || v.DefaultMet == nil || *v.DefaultMet {
		return // what cannot run there has been said
	}
	s.Warn("default-session-misses", "the target is met in the exact session, and missed in a default session of ONNX Runtime "+s.Result.Shortfall(v),
		OrSaturation("--session default finds a mix that meets it in both, or run the file with "+exactCure))
}
