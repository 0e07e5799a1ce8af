package journal

import (
	"fmt"
	"maps"
	"slices"

	"example.org/demote/result"
)

// A Fingerprint has everything that can change a score or the path of a search. A journal with another fingerprint is
// refused, with the name of the difference.
type Fingerprint struct {
	Settings map[string]string `json:"settings"`
	Inputs   []result.Input    `json:"inputs"`
	// keys of files that the metric command names and writes to itself
	Written []string `json:"written,omitempty"`
}

// Difference names the difference from the fingerprint of an earlier run, in a phrase; empty if there is none.
// Differences of files come first, since files change without a change of the command.
func (f Fingerprint) Difference(then Fingerprint) string {
	written := map[string]bool{}
	for _, key := range then.Written {
		written[key] = true
	}
	if text := changedInputs(f.Inputs, then.Inputs, written); text != "" {
		return text
	}
	keys := slices.Sorted(maps.Keys(f.Settings))
	for k := range then.Settings {
		if _, ok := f.Settings[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if now, was := f.Settings[k], then.Settings[k]; now != was {
			return fmt.Sprintf("it has %s %q and not %q", k, was, now)
		}
	}
	return ""
}
