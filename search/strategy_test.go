package search_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"example.org/demote/mistake"
	"example.org/demote/search"
)

// recorder is an evaluator over an additive model with pairs, which writes down every mask that it is asked for: scores
// as they are, distances after a '~'.
type recorder struct {
	search.Naive
	drop  []float64
	asked []string
}

// distant is a recorder that knows distances: a unit's is its drop squared, whatever its sign.
type distant struct{ *recorder }

func (d distant) Distance(_ context.Context, m search.Mask) (float64, error) {
	d.asked = append(d.asked, "~"+m.String())
	sum := 0.0
	for i, v := range d.drop {
		if m.Low(i) {
			sum += v
		}
	}
	return sum * sum, nil
}

// points makes a recorder that scores 100 less the drops of the demoted holders, and of pairs that are both demoted.
func points(drop []float64, pairs map[[2]int]float64) *recorder {
	r := &recorder{drop: drop}
	r.Naive = func(_ context.Context, m search.Mask) (search.Score, error) {
		r.asked = append(r.asked, m.String())
		v := 100.0
		for i, d := range drop {
			if m.Low(i) {
				v -= d
			}
		}
		for p, d := range pairs {
			if m.Low(p[0]) && m.Low(p[1]) {
				v -= d
			}
		}
		return search.Score{Value: v}, nil
	}
	return r
}

// TestTrials holds the trials of every strategy, one by one, after the two endpoints.
func TestTrials(t *testing.T) {
	for _, c := range []struct {
		name, strategy string
		drop           []float64
		pairs          map[[2]int]float64
		target         float64
		distances      bool
		change         func(*search.Options)
		trials         string
		mask           string
		promotion      []int
	}{
		{
			name: "rank skips and goes on", strategy: "rank", drop: []float64{3, 1, 9, 2}, target: 93,
			// Each alone; then 1, 3, 0 in that order of harm, of which 1 3 0 together take 6, and 2 on top of that.
			trials: "1000 0100 0010 0001, 0100 0101 1101 1111", mask: "1101", promotion: []int{2},
		},
		{
			name: "rank, a unit in the middle breaks the target", strategy: "rank", drop: []float64{1, 2, 3, 4}, target: 92.5,
			pairs: map[[2]int]float64{{0, 1}: 5},
			// 0 holds, 0+1 takes 8 and is skipped, 0+2 takes 4, 0+2+3 takes 8.
			trials: "1000 0100 0010 0001, 1000 1100 1010 1011", mask: "1010", promotion: []int{3, 1},
		},
		{
			name: "rank, equal harm goes by index", strategy: "rank", drop: []float64{2, 2, 1, 2}, target: 96.5,
			trials: "1000 0100 0010 0001, 0010 1010 1110 1011", mask: "1010", promotion: []int{3, 1},
		},
		{
			name: "rank by harm for the cost", strategy: "rank", drop: []float64{4, 1, 2, 0}, target: 95,
			change: func(o *search.Options) { o.Cost = []float64{8, 1, 1, 1} },
			// Rates 0.5, 1, 2 and none: 3 first, then 0, then 1, then 2.
			trials: "1000 0100 0010 0001, 0001 1001 1101 1011", mask: "1001", promotion: []int{2, 1},
		},
		{
			name: "prefix", strategy: "prefix", drop: []float64{1, 2, 3, 4, 5, 6, 7, 8}, target: 89,
			// Of 8: 4 take 10 and hold, 6 take 21, 5 take 15. Checked at 4+2 (known), 4+4 (the 8-bit network, known).
			trials: "10000000 01000000 00100000 00010000 00001000 00000100 00000010 00000001, 11110000 11111100 11111000",
			mask:   "11110000", promotion: []int{7, 6, 5, 4},
		},
		{
			name: "prefix finds that scores are not monotone", strategy: "prefix", drop: []float64{1, 2, 3, 4, 5, 6, 7, 8}, target: 89,
			pairs: map[[2]int]float64{{2, 3}: 20, {3, 4}: -18},
			// 4 take 30, 2 hold, 3 hold. Checked at 5, which takes 17, and at 7, which takes 30: both known or refused.
			trials: "10000000 01000000 00100000 00010000 00001000 00000100 00000010 00000001, 11110000 11000000 11100000 11111000 11111110",
			mask:   "11100000", promotion: []int{7, 6, 5, 4, 3},
		},
		{
			name: "prefix goes on behind a gap", strategy: "prefix", drop: []float64{1, 2, 3, 4, 5, 6}, target: 84,
			pairs: map[[2]int]float64{{2, 3}: 9, {3, 4}: -9},
			// Harm 1..6. Of 6: 3 hold, 4 take 19, so 3. Then 5 take 15 and hold; 6 is the 8-bit network.
			trials: "100000 010000 001000 000100 000010 000001, 111000 111110", mask: "111110", promotion: []int{5},
		},
		{
			name: "bisect", strategy: "bisect", drop: []float64{0, 0, 0, 0, 0, 9, 0, 0}, target: 95,
			// All eight are the 8-bit network, known not to hold, and so are 4..7 once 0..3 are demoted. 4..5 do not
			// hold, 6..7 are the largest then, and of 4 and 5 the last is the 8-bit network again.
			trials: "11110000 11111100 11110011 11111011", mask: "11111011", promotion: []int{5},
		},
		{
			name: "bisect takes the dearest segment first", strategy: "bisect", drop: []float64{3, 0, 0, 2}, target: 96,
			change: func(o *search.Options) { o.Cost = []float64{1, 1, 1, 9} },
			trials: "0011 1011 0111", mask: "0111", promotion: []int{0},
		},
		{
			name: "gallop", strategy: "gallop", drop: []float64{0, 9, 1, 2, 0.5, 8, 0, 3}, target: 90.5, distances: true,
			// Order 0 6 4 2 3 7 5 1. Four hold (1.5), the next eight are four and the 8-bit network: known. Two hold
			// (6.5), the next two are the 8-bit network, one (8) does not, and the last (9) neither.
			trials: "~10000000 ~01000000 ~00100000 ~00010000 ~00001000 ~00000100 ~00000010 ~00000001, 10101010 10111011 10111111 11111011",
			mask:   "10111011", promotion: []int{1, 5},
		},
		{
			name: "gallop halves and skips", strategy: "gallop", drop: []float64{1, 2, 3, 4, 5, 6, 7, 8}, target: 92.5, distances: true,
			pairs: map[[2]int]float64{{0, 1}: 50},
			// Four, two fail; 0 holds. Two (1 2), one (1) is skipped, then 2, then two (3 4), and each alone.
			trials: "~10000000 ~01000000 ~00100000 ~00010000 ~00001000 ~00000100 ~00000010 ~00000001, " +
				"11110000 11000000 10000000 11100000 11000000 10100000 10111000 10110000 10101000 10100100 10100010 10100001",
			mask: "10100000", promotion: []int{7, 6, 5, 4, 3, 1},
		},
		{
			name: "gallop without distances scores each unit", strategy: "gallop", drop: []float64{1, 2, 3}, target: 96.5,
			trials: "100 010 001, 100 110", mask: "110", promotion: []int{2},
		},
		{
			name: "gallop takes what saves most for its harm first", strategy: "gallop", drop: []float64{2, 4, 3}, target: 93.5, distances: true,
			change: func(o *search.Options) { o.Cost = []float64{1, 8, 3} },
			// Squares 4, 16, 9 for 1, 8, 3: rates 4, 2, 3.
			trials: "~100 ~010 ~001, 010 011 110", mask: "110", promotion: []int{2},
		},
		{
			name: "greedy", strategy: "greedy", drop: []float64{3, 1, 1}, target: 96.5,
			// The tie of 1 and 2 goes to the later; walked back past 0.
			trials: "100 010 001, 101 011, 111", mask: "011", promotion: []int{0},
		},
		{
			name: "greedy walks on below the target", strategy: "greedy", drop: []float64{5, 5, 5}, target: 96,
			pairs: map[[2]int]float64{{1, 2}: 3, {0, 2}: -8},
			// 2 takes 5 and is below the target, 0 repairs it, 1 does not.
			trials: "100 010 001, 101 011, 111", mask: "101", promotion: []int{1},
		},
		{
			name: "greedy by harm for the cost", strategy: "greedy", drop: []float64{3, 1, 2}, target: 96,
			change: func(o *search.Options) { o.Cost = []float64{6, 1, 1} },
			trials: "100 010 001, 110 101, 111", mask: "100", promotion: []int{2, 1},
		},
		{
			name: "improve retries until a round changes nothing", strategy: "improve", drop: []float64{1, 2, 3, -1}, target: 96.5, distances: true,
			pairs:  map[[2]int]float64{{0, 1}: 3},
			change: func(o *search.Options) { o.Start, _ = search.ParseMask("1000"); o.NoSwaps = true },
			// Distances 1 4 9 1: order 0 3 1 2. 3 holds (0), 1 takes 5, 2 takes 3; then 1 once more.
			trials: "1000, ~1000 ~0100 ~0010 ~0001, 1001 1101 1011 1111", mask: "1011", promotion: []int{1},
		},
		{
			name: "improve swaps one for two", strategy: "improve", drop: []float64{4, 2, 1, 9}, target: 95.5, distances: true,
			change: func(o *search.Options) { o.Start, _ = search.ParseMask("1000") },
			// Order 2 1 0 3. Singles fail, and so do 1 2 and 2 3 for nothing; then 0, in the first fifth, goes up for
			// 1 and 2 together. After that 0 and 3 are tried again, alone and together for each of the others, the
			// later first.
			trials: "1000, ~1000 ~0100 ~0010 ~0001, 1010 1100 1001, 1110 1011 0110, 1110 0111, 1101 1011", mask: "0110", promotion: []int{3, 0},
		},
		{
			name: "auto gallops, then improves", strategy: "auto", drop: []float64{2, 3, 3, 9}, target: 93.5, distances: true,
			pairs:  map[[2]int]float64{{0, 1}: 3},
			change: func(o *search.Options) {},
			// Order 0 1 2 3. Two take 8, 0 holds; 1 2 take 11, 1 is skipped, 2 takes 5, 3 fails: 0 and 2 are left. 1
			// fails again, and 3 is known to; then 2 goes up for the pair 1 3, and 0. The pair for nothing is the 8-bit
			// network.
			trials: "~1000 ~0100 ~0010 ~0001, 1100 1000 1110 1100 1010 1011, 1110, 1101 0111", mask: "1010", promotion: []int{3, 1},
		},
		{
			name: "auto wins a unit back", strategy: "auto", drop: []float64{0, 0, 0, 0, 4, 5, 6, 20}, target: 91.5, distances: true,
			pairs: map[[2]int]float64{{5, 6}: -3},
			// Order 0 to 7. Four hold, the rest is the 8-bit network; 4 5 take 9, 4 holds; 5 6, and each of 5 6 7
			// alone, do not, so nothing is left to retry. 5 6 do not hold for nothing, but 4 goes up for them, which
			// take 8; 4 and 7 fail, and so do 4 7 for each of the others, from the last to the first.
			trials: "~10000000 ~01000000 ~00100000 ~00010000 ~00001000 ~00000100 ~00000010 ~00000001, " +
				"11110000 11111100 11111000 11111110 11111100 11111010 11111001, 11111110 11110110, 11111110 11110111, " +
				"11111101 11111011 11101111 11011111 10111111 01111111",
			mask: "11110110", promotion: []int{7, 4},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := points(c.drop, c.pairs)
			var ev search.Evaluator = r
			if c.distances {
				ev = distant{r}
			}
			o := search.NewOptions(len(c.drop), c.target)
			if c.change != nil {
				c.change(&o)
			}
			res, err := search.Run(context.Background(), c.strategy, ev, o)
			if err != nil {
				t.Fatal(err)
			}
			n := len(c.drop)
			want := append([]string{strings.Repeat("0", n), strings.Repeat("1", n)}, strings.Fields(strings.ReplaceAll(c.trials, ",", " "))...)
			if !slices.Equal(r.asked, want) {
				t.Errorf("asked for\n%v, want\n%v", r.asked, want)
			}
			if res.Mask.String() != c.mask || !slices.Equal(res.Promotion, c.promotion) {
				t.Errorf("mask %s, promotion %v, want %s, %v", res.Mask, res.Promotion, c.mask, c.promotion)
			}
			distances := 0
			for _, a := range r.asked {
				distances += strings.Count(a, "~")
			}
			if res.Evaluations != len(r.asked)-distances || res.Strategy != c.strategy || res.Stop != search.StopDone {
				t.Errorf("%d evaluations of %d, strategy %s, stop %s", res.Evaluations, len(r.asked)-distances, res.Strategy, res.Stop)
			}
		})
	}
}

func TestUnknownStrategy(t *testing.T) {
	_, err := search.Run(context.Background(), "anneal", points(nil, nil), search.NewOptions(0, 0))
	if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), "gallop") {
		t.Error(err)
	}
	if names := search.Strategies(); names[0].Name != "auto" || len(names) != 8 {
		t.Errorf("%+v", names)
	}
}
