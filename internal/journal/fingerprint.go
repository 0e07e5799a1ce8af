package journal

import (
	"fmt"
	"maps"
	"slices"

	"example.org/demote/result"
)

// A Fingerprint names everything that can change a score or the way of a search, so that a journal of another run can
// be refused by the name of what differs.
type Fingerprint struct {
	Settings map[string]string `json:"settings"`
	Inputs   []result.Input    `json:"inputs"`
	// keys of files that the metric command names and writes to itself
	Written []string `json:"written,omitempty"`
}

// Difference says in a phrase what differs from the fingerprint of a run, then; empty if nothing does. Files come
// first: they are what changes without anybody having typed it.
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
