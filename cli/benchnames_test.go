package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"example.org/demote/internal/bench"
)

// TestBenchCountsEvaluations holds that what bench prints and writes as JSON counts evaluations, distinct masks and
// full passes, and no trials.
func TestBenchCountsEvaluations(t *testing.T) {
	b := &bench.Report{Device: "cuda:0", StartUp: 1, Search: &bench.Search{}}
	data, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	printBench(&text, b, nil)
	for what, s := range map[string]string{"JSON": string(data), "text": text.String()} {
		if strings.Contains(s, "trial") || strings.Contains(s, "scores") || !strings.Contains(s, "evaluation") {
			t.Errorf("the %s of bench has another name for evaluations: %s", what, s)
		}
	}
}
