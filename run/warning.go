package run

import (
	"encoding/json"
	"fmt"
)

// A Warning is what a user should know of a run. Text says what is so; Cure says what to type, and is empty where nothing
// can be typed. ID names the kind of the warning for programs; it is empty in results of before.
type Warning struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	Cure string `json:"cure"`
}

// String is the warning as the terminal has it, in one line.
func (w Warning) String() string {
	if w.Cure == "" {
		return w.Text
	}
	return w.Text + "; " + w.Cure
}

// UnmarshalJSON reads a warning, also one of before, which was a plain string.
func (w *Warning) UnmarshalJSON(data []byte) error {
	*w = Warning{}
	if json.Unmarshal(data, &w.Text) == nil {
		return nil
	}
	type plain Warning
	return json.Unmarshal(data, (*plain)(w))
}

// warnings gives texts that need no cure the same id.
func warnings(id string, texts []string) []Warning {
	var list []Warning
	for _, text := range texts {
		list = append(list, Warning{ID: id, Text: text})
	}
	return list
}

// warn keeps a warning in the result and says it.
func (s *searching) warn(id, text, cure string) {
	s.warned(Warning{ID: id, Text: text, Cure: cure})
}

func (s *searching) warned(w Warning) {
	s.result.Warnings = append(s.result.Warnings, w)
	s.config.Say(fmt.Sprintf("warning: %s", w))
}

// caution is a warning of a search, or a line of a command that has no result to keep it in.
func (s *searching) caution(id, text, cure string) {
	if w := (Warning{ID: id, Text: text, Cure: cure}); s.result == nil {
		s.config.Say(fmt.Sprintf("warning: %s", w))
	} else {
		s.warned(w)
	}
}

// texts are warnings without their ids, a line each.
func texts(list []Warning) []string {
	var lines []string
	for _, w := range list {
		lines = append(lines, w.String())
	}
	return lines
}
