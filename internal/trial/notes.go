package trial

import (
	"fmt"

	"example.org/demote/mistake"
	"example.org/demote/result"
)

// Warn keeps a warning in the result and says it.
func (s *Runner) Warn(id, text, cure string) {
	s.Warned(result.Warning{ID: id, Text: text, Cure: cure})
}

// Warned keeps a warning in the result and says it.
func (s *Runner) Warned(w result.Warning) {
	s.Config.Say(fmt.Sprintf("warning: %s", w))
	w.Text, w.Cure = s.Config.Words.Text(mistake.Text(w.Text)), s.Config.Words.Text(mistake.Text(w.Cure))
	s.Result.Warnings = append(s.Result.Warnings, w)
}

// Caution is a warning of a search, or a line of a command that has no result to keep it in.
func (s *Runner) Caution(id, text, cure string) {
	if w := (result.Warning{ID: id, Text: text, Cure: cure}); s.Result == nil {
		s.Config.Say(fmt.Sprintf("warning: %s", w))
	} else {
		s.Warned(w)
	}
}
