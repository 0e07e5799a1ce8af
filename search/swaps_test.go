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

// scores are the masks whose score a recorder was asked for.
func (r *recorder) scores() (list []string) {
	for _, a := range r.asked {
		if !strings.HasPrefix(a, "~") {
			list = append(list, a)
		}
	}
	return list
}

// A familyOf swaps is what came in a row with the same units demoted, from one part of the network.
type familyOf struct {
	down  string
	part  int
	swaps int
	price int // in holders: the rest of the network from the first demoted unit on, and from each promoted one
}

// familiesOf reads swaps of single holders on a base: which units each demotes and promotes.
func familiesOf(base search.Mask, swaps []string) (list []familyOf) {
	n := base.Len()
	for _, text := range swaps {
		down, first, up, part := "", n, n, 0
		for i := range n {
			switch low := text[i] == '1'; {
			case low && !base.Low(i):
				down += fmt.Sprint(" ", i)
				first = min(first, i)
			case !low && base.Low(i):
				up = i
			}
		}
		if 2*up < n {
			part = 1
		}
		if 5*up < n {
			part = 2
		}
		if last := len(list) - 1; last < 0 || list[last].down != down || list[last].part != part {
			list = append(list, familyOf{down: down, part: part, price: n - first})
		}
		list[len(list)-1].swaps++
		list[len(list)-1].price += n - up
	}
	return list
}

// TestSwapsInOrder holds improve's list of swaps on 20 units that take 1 to 20, in a mixed order in the network, of
// which the 14 least harmful are demoted and no more fits. The pairs of the six others come by their summed harm, each
// with the units of the later half of the network from the last to the first; one pair later come those of the 30 %
// before it, and after another one those of the first fifth.
func TestSwapsInOrder(t *testing.T) {
	const n, low = 20, 14
	drop, start, spent := make([]float64, n), search.NewMask(n), 0.0
	at := make([]int, n+1) // by what a unit takes
	for i := range drop {
		drop[i] = float64(1 + i*7%n)
		at[int(drop[i])] = i
		if drop[i] <= low {
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
	scores := r.scores()[2+1:] // behind the endpoints and the start mix
	for i := range n - low {   // singles, least harm first
		if m := start.Clone(); func() bool { m.Demote(at[low+1+i]); return scores[i] != m.String() }() {
			t.Errorf("single %d is %s", i, scores[i])
		}
	}
	var pairs [][2]int // of what units take
	for a := low + 1; a <= n; a++ {
		for b := a + 1; b <= n; b++ {
			pairs = append(pairs, [2]int{a, b})
		}
	}
	sort.SliceStable(pairs, func(i, j int) bool { // distances are squares
		return pairs[i][0]*pairs[i][0]+pairs[i][1]*pairs[i][1] < pairs[j][0]*pairs[j][0]+pairs[j][1]*pairs[j][1]
	})
	parts := [3][2]int{{10, 20}, {4, 10}, {0, 4}}
	var want []string
	for sum := range len(pairs) + 2 {
		for rank := max(0, sum-2); rank <= sum && rank < len(pairs); rank++ {
			m := start.Clone()
			m.Demote(at[pairs[rank][0]])
			m.Demote(at[pairs[rank][1]])
			part := sum - rank
			if part == 0 { // for nothing
				want = append(want, m.String())
			}
			for up := parts[part][1] - 1; up >= parts[part][0]; up-- {
				if start.Low(up) {
					m.Promote(up)
					want = append(want, m.String())
					m.Demote(up)
				}
			}
		}
	}
	if len(want) != 15*(1+low) {
		t.Fatalf("%d swaps, not each of 15 pairs for nothing and for 14 units", len(want))
	}
	if got := scores[n-low:]; !slices.Equal(got, want[:len(got)]) || len(got) != len(want) {
		t.Errorf("%d swaps, want %d:\n%v\n%v", len(got), len(want), got, want)
	}
}

// TestAutoEndsImprove holds what auto does without a budget: before the swaps cost more than 40 networks, a tenth of a
// pass each where no head refuses them, it ends, and the result says so; with a budget of its own it goes on. What
// gallop refused on the last base is not asked for again.
func TestAutoEndsImprove(t *testing.T) {
	const n, patience = 39, 40
	drop := make([]float64, n)
	for i := range drop {
		drop[i] = float64(1 + i)
	}
	auto := func(trials int) (swaps []familyOf, said bool) {
		r := points(drop, nil)
		o := search.NewOptions(n, 100-211)
		o.Budget.Trials = trials
		res, err := search.Run(context.Background(), "auto", distant{r}, o)
		if err != nil {
			t.Fatal(err)
		}
		gallop, err := search.Run(context.Background(), "gallop", distant{points(drop, nil)}, o)
		if err != nil || !gallop.Mask.Equal(res.Mask) {
			t.Fatalf("%v, improve has moved to %s", err, res.Mask)
		}
		return familiesOf(res.Mask, r.scores()[gallop.Evaluations:]), strings.Contains(fmt.Sprint(res.Notes), fmt.Sprintf("improve ended after swaps for the price of %d passes", patience/10))
	}
	swaps, said := auto(0)
	all, saidThen := auto(100000)
	if !said || saidThen {
		t.Errorf("auto says that it ended: %v, with a budget %v", said, saidThen)
	}
	ended, spent := 0, 0
	for ended < len(all) && spent+all[ended].price <= patience*n {
		spent += all[ended].price
		ended++
	}
	if ended == 0 || ended == len(all) || !slices.Equal(swaps, all[:ended]) {
		t.Errorf("%d families of swaps, want the first %d of %d", len(swaps), ended, len(all))
	}
}

// TestTwoLeft holds that auto, where two of up to 64 units stay high, has looked at every mix with one before it ends.
func TestTwoLeft(t *testing.T) {
	for _, n := range []int{3, 5, 52, 64} {
		drop := make([]float64, n)
		for i := range drop {
			drop[i] = 0.001 * float64(1+i*7%n)
		}
		drop[n/2], drop[n-1] = 9, 10
		r := points(drop, nil)
		res, err := search.Run(context.Background(), "auto", distant{r}, search.NewOptions(n, 95))
		if err != nil || len(res.Promotion) != 2 || len(res.Notes) > 0 {
			t.Fatalf("%d units: %v, %v, %v", n, err, res.Promotion, res.Notes)
		}
		for i := range n {
			if m := strings.Repeat("1", i) + "0" + strings.Repeat("1", n-1-i); !slices.Contains(r.asked, m) {
				t.Errorf("%d units: %s was not scored", n, m)
			}
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
