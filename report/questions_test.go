package report

import (
	"strings"
	"testing"
)

// TestQuestionsStandFirst holds that what puts a run in doubt is the first section of its page, the least of them behind the
// worst, and that other warnings have their own.
func TestQuestionsStandFirst(t *testing.T) {
	class := int64(3)
	r := sample(9)
	r.Warnings = []Warning{{"improve-ended", "improve ended", "--time"}, {"target-one-sample", "one sample", "more"}, {"near-chance", "like chance", "--scale 255"}, {Text: "plain"}}
	r.Questions = &Questions{Ranges: []InRange{{"x", &Range{0, 255}, &Range{0, 1}, 0.25}}, Classes: []ClassName{{0, "cat", 7}}, Chance: &Chance{0.1, 0.1, &class, true},
		Instead: []Instead{{"--scale 255", 200, 0.1, 0.9, true}}}
	read := Read(folder(t, map[string]any{resultFile: r}))
	page, err := HTML(read)
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
	if page, err = HTML(Read(folder(t, map[string]any{resultFile: r}))); err != nil || strings.Contains(string(page), "Questions before you trust it") {
		t.Errorf("a run without doubts: %v", err)
	}
}
