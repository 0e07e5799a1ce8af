package cli

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestLadderEvents: with --json both steps of a ladder tell when they begin and what they end with.
func TestLadderEvents(t *testing.T) {
	in := good(t)
	got := must(t, in.args("--json", "--ladder", "4,8,16", "--prove", "1")...)
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	var told []string
	var r result.Result[json.RawMessage]
	for i, line := range lines {
		var e struct {
			Event, Search, Folder string
			Met, Finished         bool
			Int8                  int
		}
		if i == len(lines)-1 {
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			break
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if e.Event == "begin" || e.Event == "end" {
			told = append(told, e.Event+" "+e.Search)
		}
		if e.Event == "end" && (!e.Met || !e.Finished || e.Search == "step 1" != (filepath.Base(e.Folder) == "step-1")) {
			t.Errorf("%+v", e)
		}
	}
	if text := strings.Join(told, ", "); text != "begin step 1, end step 1, begin step 2, end step 2" {
		t.Error(text)
	}
	if r.Ladder == nil || r.Ladder.Before.Proof == nil || r.Proof == nil {
		t.Errorf("%+v, %+v", r.Ladder, r.Proof)
	}
}
