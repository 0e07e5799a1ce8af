package bounds

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestOrder(t *testing.T) {
	rising := []float64{math.NaN(), math.Inf(-1), -math.MaxFloat64, -1, -math.SmallestNonzeroFloat64, 0,
		math.SmallestNonzeroFloat64, 1, math.Nextafter(1, 2), math.MaxFloat64, math.Inf(1)}
	for i := 1; i < len(rising); i++ {
		if order(rising[i-1]) >= order(rising[i]) {
			t.Errorf("%v is not before %v", rising[i-1], rising[i])
		}
	}
	if order(math.Copysign(0, -1)) != order(0) {
		t.Error("-0 and +0 differ")
	}
}

// TestThresholds compares the integers with the float64 comparisons that they stand for, for every count.
func TestThresholds(t *testing.T) {
	const seed = 9
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 3000 {
		total := 1 + rng.IntN(400)
		r := &Rule{Sizes: split(rng, total, 50)}
		r.prepare()
		f := float64(rng.IntN(total+1)) / float64(total)
		for _, threshold := range []float64{f, math.Nextafter(f, -1), math.Nextafter(f, 2), -0.5, 1.5, math.Inf(1), math.Inf(-1), math.NaN()} {
			need, floor := r.passing(threshold), r.reaching(threshold)
			for c := range total + 1 {
				q := float64(c) / float64(total)
				if (key(c) >= need) != (q > threshold) || (key(c) >= floor) != (q >= threshold) {
					t.Fatalf("seed %d: count %d of %d, threshold %v: need %d, floor %d", seed, c, total, threshold, need, floor)
				}
			}
		}
	}
	values := []float64{math.NaN(), math.Inf(-1), -2, 0, math.Copysign(0, -1), 3, math.Inf(1)}
	r := &Rule{Kind: Whole, Sizes: []int{1}}
	r.prepare()
	for _, threshold := range values {
		for _, v := range values {
			if (order(v) >= r.passing(threshold)) != (v > threshold) || (order(v) >= r.reaching(threshold)) != (v >= threshold) {
				t.Errorf("value %v, threshold %v", v, threshold)
			}
		}
	}
}

// TestUpper holds that the bound never lies below the score that comes, in any order of a block's sum, and falls from
// block to block.
func TestUpper(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 10))
		best := []float64{0, 1, 0.1, -0.7, 1e-3, math.Pi}[rng.IntN(6)]
		r := &Rule{Kind: Mean, Best: best, Sizes: split(rng, 1+rng.IntN(200), 40)}
		if rng.IntN(2) == 0 {
			r.Finish = func(sum float64) float64 { return 3*sum - 1 }
		}
		r.prepare()
		var gains []Gain
		for _, n := range r.Sizes {
			values := make([]float64, n)
			for i := range values {
				values[i] = best
				if rng.IntN(4) == 0 {
					values[i] -= math.Abs(rng.NormFloat64()) * 1e-12
				}
			}
			if rng.IntN(2) == 0 {
				slices.Reverse(values)
			}
			sum := 0.0
			for _, v := range values {
				sum += v
			}
			gains = append(gains, Gain{Sum: sum})
		}
		p := Progress{}
		uppers := []key{r.upper(p)}
		for _, g := range gains {
			p = r.add(p, g)
			uppers = append(uppers, r.upper(p))
		}
		if !slices.IsSortedFunc(uppers, func(a, b key) int { return int(max(-1, min(1, b-a))) }) || uppers[0] < order(r.score(p).Value) {
			t.Fatalf("seed %d: best %v: bounds %v rise, or lie below the score %v", seed, best, uppers, r.score(p).Value)
		}
	}
}

func TestBadRules(t *testing.T) {
	for name, r := range map[string]*Rule{
		"empty block":     {Sizes: []int{3, 0}},
		"best is NaN":     {Kind: Mean, Sizes: []int{1}, Best: math.NaN()},
		"best is +Inf":    {Kind: Mean, Sizes: []int{1}, Best: math.Inf(1)},
		"negative length": {Sizes: []int{-1}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			newScan(r)
		}()
	}
}
