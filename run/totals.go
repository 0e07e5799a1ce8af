package run

import (
	"encoding/json"
	"time"

	"example.org/demote/result"
)

// spentKey is the journal's entry of what the run has cost.
const spentKey = "spent"

// spent is what a run has cost, all its sessions together.
type spent struct {
	Masks   int     `json:"-"`       // that were touched: the journal's own scores tell
	Samples float64 `json:"samples"` // whole-network passes of a sample
	Seconds float64 `json:"seconds"`

	Calls       int     `json:"calls"` // of a metric command
	CallSeconds float64 `json:"call_seconds"`
}

// Spent is what the sessions before this one have cost.
func (j *Journal) Spent() (s spent, err error) {
	meta, err := j.meta()
	if err != nil {
		return s, err
	}
	if text, ok := meta[spentKey]; ok {
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return s, j.damaged("what the run has cost cannot be read")
		}
	}
	if err := j.db.QueryRow(`SELECT count(*) FROM scores WHERE instr(mask, '1')`).Scan(&s.Masks); err != nil {
		return s, j.cannotRead(err)
	}
	return s, nil
}

// KeepSpent books what the run has cost so far.
func (j *Journal) KeepSpent(s spent) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return j.setMeta(spentKey, string(text))
}

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
