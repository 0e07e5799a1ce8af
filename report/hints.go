package report

import (
	"fmt"
	"slices"

	"example.org/demote/result"
)

// hintIDs are the ids of warnings after which the result is as right as before: they say what the run has done of its
// own, or how it could go further.
var hintIDs = []string{"samples-streamed", "device-memory-full", "input-fixed", "start-moved", "reuse-ranges", "holdout-copies", "holdout-unasked", "default-session-unasked",
	"ranges-cut", "repairs-cut", "budget-time", "budget-trials", "samples-depend", "promise-walked-back", "default-session-refused", "nothing-in-int8"}

func hint(w result.Warning) bool { return slices.Contains(hintIDs, w.ID) }

// warnings are those that are neither hints nor about the set-up.
func (v *view) warnings() *section {
	return v.told("warnings", "Warnings", func(w result.Warning) bool { return !aboutSetup(w) && !hint(w) })
}

// hints are the warnings that put nothing in question.
func (v *view) hints() *section { return v.told("hints", "Hints", hint) }

// told lists some of the warnings.
func (v *view) told(name, title string, which func(result.Warning) bool) *section {
	s := v.section(name, title)
	for _, w := range v.Warnings {
		if which(w) {
			s.List = append(s.List, short(w.String()))
		}
	}
	if s.List == nil {
		return nil
	}
	s.Brief = fmt.Sprint(len(s.List))
	return s
}
