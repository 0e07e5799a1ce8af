package run

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/mistake"
)

// mixOfLadder is the width of every holder, in order.
func mixOfLadder(r *config.Result) (list []string) {
	for _, h := range r.Holders {
		list = append(list, h.Precision)
	}
	return list
}

// TestLadderStart: with the promotion list of a ladder both steps begin at its mix. With so few evaluations that
// nothing else can be found they end with it, and without it with another; a list of a plain search is where step 1
// begins, and says nothing to step 2.
func TestLadderStart(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	known := searchOfLadder(t)
	want := mustSearch(t, known)
	first, err := ReadResult(LadderFolder(known.Out))
	if err != nil {
		t.Fatal(err)
	}
	few := known
	few.Trials, few.Strategy = 3, "greedy" // both ends and the start
	of := func(start string) (mix, step string, said string) {
		t.Helper()
		c := few
		c.Start, c.Out = start, filepath.Join(t.TempDir(), "run")
		var lines []string
		c.Say = func(text string) { lines = append(lines, text) }
		r := mustSearch(t, c)
		before, err := ReadResult(LadderFolder(c.Out))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(mixOfLadder(r)), fmt.Sprint(before.Promotion), strings.Join(lines, "\n")
	}
	mix, step, _ := of("")
	if mix == fmt.Sprint(mixOfLadder(want)) || step == fmt.Sprint(first.Promotion) {
		t.Fatalf("without a start %s and %s, known %v and %v: this tests nothing", mix, step, mixOfLadder(want), first.Promotion)
	}
	mix, step, _ = of(filepath.Join(known.Out, journal.PromotionFile))
	if mix != fmt.Sprint(mixOfLadder(want)) || !sameNames(step, first.Promotion) {
		t.Errorf("it ends with %s, begun at %v; in step 1 with %s, begun at %v", mix, mixOfLadder(want), step, first.Promotion)
	}
	if mix, step, _ = of(filepath.Join(LadderFolder(known.Out), journal.PromotionFile)); !sameNames(step, first.Promotion) || strings.Contains(mix, "int4") {
		t.Errorf("of a plain list step 1 ends with %s, begun at %v, and step 2 with %s", step, first.Promotion, mix)
	}
}

// sameNames tells whether a printed list has these names, in whatever order.
func sameNames(printed string, names []string) bool {
	list := strings.Fields(strings.Trim(printed, "[]"))
	slices.Sort(list)
	return slices.Equal(list, slices.Sorted(slices.Values(names)))
}

// TestLadderStartRefused: a list with a part of another width is refused with its line.
func TestLadderStartRefused(t *testing.T) {
	c := searchOfLadder(t)
	c.Start = filepath.Join(t.TempDir(), "list.txt")
	tasktest.WriteFile(t, c.Start, []byte("# made by hand\nimage\n# bf16\na1\n"))
	_, err := Search(context.Background(), c)
	if want := `list.txt:3: "bf16" is no width of --ladder 4,8,16; its parts are int4, int8, int16`; !mistake.Is(err) || !strings.Contains(err.Error(), mistake.Text(want)) {
		t.Errorf("%v, want %q", err, want)
	}
}
