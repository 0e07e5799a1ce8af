package report

import (
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestQuestionsStandFirst holds that what puts a run in doubt is the first section of its page, the least of them
// behind the worst, and that other warnings have their own.
func TestQuestionsStandFirst(t *testing.T) {
	class := int64(3)
	r := sample(9)
	r.Warnings = []result.Warning{{ID: "improve-ended", Text: "improve ended", Cure: "--time"}, {ID: "target-one-sample", Text: "one sample", Cure: "more"}, {ID: "near-chance", Text: "like chance", Cure: "--scale 255"}, {Text: "plain"}}
	r.Questions = &result.Questions{Ranges: []result.InputRange{{Input: "x", Calib: &result.Range{Min: 0, Max: 255}, Data: &result.Range{Min: 0, Max: 1}, Outside: 0.25}}, Classes: []result.ClassName{{Label: 0, Name: "cat", Samples: 7}}, Chance: &result.Chance{Score: 0.1, Always: 0.1, Class: &class, Near: true},
		Instead: []result.Instead{{Change: "--scale 255", Samples: 200, Given: 0.1, Score: 0.9, Better: true}}}
	read := Read(folder(t, map[string]any{result.File: r}))
	page, err := pageOf(read)
	if err != nil || len(read.Problems) > 0 {
		t.Fatal(err, read.Problems)
	}
	at := 0
	for _, part := range []string{"Questions before you trust it</h2>", "<li>like chance; --scale 255</li><li>one sample; more</li>", "<td>x", "--scale 255", "cat", ">Warnings</h2>", "<li>improve ended; --time</li><li>plain</li>", ">What was searched</h2>"} {
		i := strings.Index(string(page)[at:], part)
		if i < 0 {
			t.Fatalf("no %q behind what comes before it", part)
		}
		at += i
	}
	r.Warnings, r.Questions.Classes = r.Warnings[:1], nil
	if page, err = pageOf(Read(folder(t, map[string]any{result.File: r}))); err != nil || strings.Contains(string(page), "Questions before you trust it") {
		t.Errorf("a run without doubts: %v", err)
	}
}
