package report

import (
	"fmt"
	"strings"
)

// An alarm is the line of the first screen that leads to the warnings.
type alarm struct{ Text, To string }

// Alarm counts the warnings; nil: there are none.
func (v *view) Alarm() *alarm {
	n, first := 0, ""
	for _, w := range v.Warnings {
		if hint(w) || v.inDefault() != "" && strings.HasPrefix(w.ID, "default-session-") { // the answer says that
			continue
		}
		if n++; n == 1 {
			first = short(w.Text)
		}
	}
	if n == 0 {
		return nil
	}
	a := &alarm{To: v.ID + "-warnings", Text: fmt.Sprintf("%s: %s", plural(n, "warning"), first)}
	for _, s := range v.Sections {
		if s.ID == v.ID+"-questions" {
			a.To = s.ID
		}
	}
	return a
}

// StateMark is the class of the run's state: good, bad or neither.
func (v *view) StateMark() string {
	switch {
	case !v.Has("finished") || !v.Finished:
		return ""
	case !v.Met || v.inDefault() != "":
		return "bad"
	}
	return "good"
}
