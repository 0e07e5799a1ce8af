package report

import (
	"fmt"
	"strings"
)

// ladder tells the steps of a ladder, in sentences; nothing of other runs.
func (r *Run) ladder() []string {
	l := r.Result.Ladder
	switch {
	case l == nil:
		return nil
	case l.Before == nil:
		return []string{fmt.Sprintf("This is the first step of a ladder (%s): it may use %s of the loss that the target allows.", widthNames(l.Widths), short(l.Split))}
	}
	b := l.Before
	return []string{fmt.Sprintf("This is the second step of a ladder (%s). The first one, from %s to %s with %s of the loss, has left %s at %s, with %s in %s (its folder is %s). The second one begins with its mix, and uses the whole loss.",
		widthNames(l.Widths), short(b.High), short(b.Low), short(l.Split), plural(len(b.Promotion), "holder"), short(b.High), plural(b.Evaluations, "evaluation"), duration(b.Seconds), short(b.Folder))}
}

// widthNames are the names of widths in a sentence.
func widthNames(widths []string) string {
	var list []string
	for _, w := range widths {
		list = append(list, short(w))
	}
	return strings.Join(list, ", ")
}

// ladderAnswer is how many holders a ladder has left at each width; empty for other runs.
func (r *Run) ladderAnswer() string {
	if r.Result.Ladder == nil || r.Result.Ladder.Before == nil {
		return ""
	}
	widths, counts := r.Result.WidthCounts()
	var parts []string
	for _, w := range widths {
		parts = append(parts, fmt.Sprintf("%d at %s", counts[w], short(w)))
	}
	return fmt.Sprintf("of %d activation quantizers (holders) %s", len(r.Holders), strings.Join(parts, ", "))
}
