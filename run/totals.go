package run

import (
	"time"

	"example.org/demote/result"
)

// count books what the search has cost so far.
func (s *searching) count() {
	st := s.ev.Stats()
	all := s.before
	all.Masks, all.Samples, all.Seconds = all.Masks+st.Trials, all.Samples+st.Samples, all.Seconds+time.Since(s.since()).Seconds()
	if s.command != nil {
		calls, seconds := s.command.Cost()
		all.Calls, all.CallSeconds = all.Calls+calls, all.CallSeconds+seconds
		s.result.MetricCommand = &result.MetricCommand{Calls: all.Calls, Seconds: all.CallSeconds}
	}
	s.result.Trials, s.result.SampleEvals, s.result.Seconds = all.Masks, all.Samples, all.Seconds
	s.spent = all
}

// since is when the session began, or when what it had cost until then was read back from the journal.
func (s *searching) since() time.Time {
	if s.counted.IsZero() {
		return s.started
	}
	return s.counted
}
