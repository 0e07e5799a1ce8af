package run

import (
	"encoding/json"

	"example.org/demote/internal/trial"
)

// recallRanges takes the range methods that an earlier session of the run has chosen: choosing again would take as
// long, and find the same.
func (s *runFolder) recallRanges() error {
	if s.journal == nil {
		return nil
	}
	text, err := s.journal.Ranges()
	if err != nil || text == "" {
		return err
	}
	var chosen trial.Ranges
	if json.Unmarshal([]byte(text), &chosen) == nil {
		s.Chosen = chosen
	}
	return nil
}

// keepRanges writes down what was chosen, for the next session.
func (s *runFolder) keepRanges() error {
	if s.Chosen.Methods == nil && s.Chosen.Repairs == nil {
		return nil
	}
	text, err := json.Marshal(s.Chosen)
	if err != nil {
		return err
	}
	return s.journal.KeepRanges(string(text))
}
