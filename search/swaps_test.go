package search_test

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"example.org/demote/search"
)

// TestSwapsInOrder holds improve's list of swaps on 60 units that take 1, 2, 3 ..., of which the 30 least harmful are
// demoted and no more fits: the 16 most harmful demoted ones, each against the 16 pairs of least summed harm, those
// first that add the least harm; of equal ones the most harmful demoted one, then the pair of less harm.
func TestSwapsInOrder(t *testing.T) {
	const n, low = 60, 30
	drop := make([]float64, n)
	start := search.NewMask(n)
	spent := 0.0
	for i := range drop {
		drop[i] = float64(i + 1)
		if i < low {
			start.Demote(i)
			spent += drop[i]
		}
	}
	r := points(drop, nil)
	o := search.NewOptions(n, 100-spent-0.5)
	o.Start = start
	res, err := search.Run(context.Background(), "improve", distant{r}, o)
	if err != nil || !res.Mask.Equal(start) {
		t.Fatalf("%v, mask %s", err, res.Mask)
	}
	var scores []string
	for _, a := range r.asked {
		if !strings.HasPrefix(a, "~") {
			scores = append(scores, a)
		}
	}
	scores = scores[2+1:] // the endpoints and the start mix
	if len(scores) != (n-low)+16*16 {
		t.Fatalf("%d scores, not %d singles and 256 swaps", len(scores), n-low)
	}
	for i, want := range []int{30, 31, 32} { // singles, least harm first
		if m := start.Clone(); func() bool { m.Demote(want); return scores[i] != m.String() }() {
			t.Errorf("single %d is %s", i, scores[i])
		}
	}
	// Distances are squares: 31^2 + 32^2 - 30^2 is the least.
	harm := func(u int) int { return (u + 1) * (u + 1) }
	var pairs [][2]int
	for a := low; a < low+32-1; a++ {
		for b := a + 1; b < min(n, low+32); b++ {
			pairs = append(pairs, [2]int{a, b})
		}
	}
	sort.SliceStable(pairs, func(i, j int) bool { return harm(pairs[i][0])+harm(pairs[i][1]) < harm(pairs[j][0])+harm(pairs[j][1]) })
	type swap struct{ up, a, b int }
	var swaps []swap
	for up := low - 1; up >= low-16; up-- {
		for _, p := range pairs[:16] {
			swaps = append(swaps, swap{up, p[0], p[1]})
		}
	}
	added := func(s swap) int { return harm(s.a) + harm(s.b) - harm(s.up) }
	sort.SliceStable(swaps, func(i, j int) bool { return added(swaps[i]) < added(swaps[j]) })
	if first := []swap{{29, 30, 31}, {28, 30, 31}, {29, 30, 32}, {27, 30, 31}, {28, 30, 32}, {29, 31, 32}}; !slices.Equal(swaps[:6], first) {
		t.Fatalf("the first swaps should be %v, not %v", first, swaps[:6])
	}
	for i, s := range swaps {
		m := start.Clone()
		m.Promote(s.up)
		m.Demote(s.a)
		m.Demote(s.b)
		if got := scores[n-low+i]; got != m.String() {
			t.Errorf("swap %d: %s, want %s", i, got, m)
		}
	}
}

// TestAutoEndsImprove holds what auto does without a budget: as many swaps in a row as an eighth of the units, rounded
// up, end improve, and the result says so; with a budget of its own it goes on. What gallop refused on the last base is
// not asked for again.
func TestAutoEndsImprove(t *testing.T) {
	const n, patience = 39, 5
	drop := make([]float64, n)
	for i := range drop {
		drop[i] = float64(1 + i)
	}
	for _, c := range []struct {
		trials int
		ended  bool
	}{{0, true}, {100000, false}} {
		r := points(drop, nil)
		o := search.NewOptions(n, 100-211)
		o.Budget.Trials = c.trials
		res, err := search.Run(context.Background(), "auto", distant{r}, o)
		if err != nil {
			t.Fatal(err)
		}
		gallop, err := search.Run(context.Background(), "gallop", distant{points(drop, nil)}, o)
		if err != nil {
			t.Fatal(err)
		}
		said := strings.Contains(fmt.Sprint(res.Notes), fmt.Sprintf("improve ended after %d swaps in a row", patience))
		if asked := res.Evaluations - gallop.Evaluations; said != c.ended || c.ended != (asked == patience) {
			t.Errorf("%d trials: improve asked for %d scores, notes %q", c.trials, asked, res.Notes)
		}
	}
}

// TestTies holds the orders of equals, trial by trial.
func TestTies(t *testing.T) {
	for _, c := range []struct {
		name, strategy string
		drop           []float64
		target         float64
		want           string
	}{
		// Five units: the first group is two. Equal distances go by index.
		{"gallop, first group of an odd number", "gallop", []float64{1, 1, 1, 1, 1}, 97.5, "11000 11100 11010 11001"},
		// One unit: the first group is one, and the 8-bit network is known not to hold.
		{"gallop, one unit", "gallop", []float64{9}, 95, ""},
		// The first half takes the odd unit, and its first half again; of equal segments the first in the network.
		{"bisect, an odd number", "bisect", []float64{0, 0, 9, 0, 0}, 95, "11100 11000 11011"},
		// One unit is known to hold and five are known not to: 3 is in the middle, then 4.
		{"prefix, the middle is rounded down", "prefix", []float64{1, 1, 1, 1, 1}, 96.5, "10000 01000 00100 00010 00001 11100 11110"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := points(c.drop, nil)
			if _, err := search.Run(context.Background(), c.strategy, distant{r}, search.NewOptions(len(c.drop), c.target)); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range r.asked[2:] {
				if !strings.HasPrefix(a, "~") {
					got = append(got, a)
				}
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("asked for %q, want %q", text, c.want)
			}
		})
	}
}
