package report

import (
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestStateOfTheDefaultSession holds that a target which the written file misses in a default session, or cannot be
// asked for there, is not told as met.
func TestStateOfTheDefaultSession(t *testing.T) {
	const exact = "target met in the exact session, "
	for _, c := range []struct {
		name, more string // more fields of verified
		state      string
	}{
		{"misses", `"default_session_correct": 905, "default_session_value": 0.905, "default_session_met": false`, exact + "missed in the default session by 0.005"},
		{"equals", `"default_session_correct": 910, "default_session_value": 0.91, "default_session_met": false`, exact + "missed in the default session"},
		{"holds", `"default_session_correct": 915, "default_session_value": 0.915, "default_session_met": true`, "target met"},
		{"holds, being infinite", `"default_session_value": null, "default_session_met": true`, "target met"},
		{"cannot run", `"default_session_value": null, "default_session_met": null`, exact + "not known in the default session, which cannot run the file"},
		{"misses, of before", `"default_session_correct": 905, "default_session_value": 0.905`, exact + "missed in the default session by 0.005"},
		{"holds, of before", `"default_session_correct": 915, "default_session_value": 0.915`, "target met"},
	} {
		text := `{"schema_version": 1, "met": true, "finished": true, "metric": "top1", "target": {"text": "0.91", "value": 0.91},
			"holders": [{"name": "a", "index": 0, "precision": "int8", "low": {"bits": 8}, "high": {"bits": 16}}],
			"score": {"low": {"correct": 900, "total": 1000, "value": 0.9}}, "verified": {"identical": true, "correct": 915, "value": 0.915, ` + c.more + `}}`
		r := Read(folder(t, map[string]any{result.File: text}))
		if r.State() != c.state || strings.Contains(r.Answer(), "exact session") != (c.state != "target met") {
			t.Errorf("%s: %q, %q", c.name, r.State(), r.Answer())
		}
	}
}
