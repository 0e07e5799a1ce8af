package run

import (
	"fmt"

	"example.org/demote/mistake"
	"example.org/demote/result"
)

// warnings gives texts that need no cure the same id.
func warnings(id string, texts []string) []result.Warning {
	var list []result.Warning
	for _, text := range texts {
		list = append(list, result.Warning{ID: id, Text: mistake.Text(text)})
	}
	return list
}

// warn keeps a warning in the result and says it.
func (s *searching) warn(id, text, cure string) {
	s.warned(result.Warning{ID: id, Text: text, Cure: cure})
}

func (s *searching) warned(w result.Warning) {
	w.Text, w.Cure = mistake.Text(w.Text), mistake.Text(w.Cure)
	s.result.Warnings = append(s.result.Warnings, w)
	s.config.Say(fmt.Sprintf("warning: %s", w))
}

// caution is a warning of a search, or a line of a command that has no result to keep it in.
func (s *searching) caution(id, text, cure string) {
	if w := (result.Warning{ID: id, Text: text, Cure: cure}); s.result == nil {
		s.config.Say(fmt.Sprintf("warning: %s", w))
	} else {
		s.warned(w)
	}
}

// texts are warnings without their ids, a line each.
func texts(list []result.Warning) []string {
	var lines []string
	for _, w := range list {
		lines = append(lines, mistake.Text(w.String()))
	}
	return lines
}
