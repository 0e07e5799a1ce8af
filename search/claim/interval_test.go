package claim

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestZ compares Tango's closed form with the score statistic at a maximum of the likelihood that is searched for.
func TestZ(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 8))
	for trial := range 300 {
		n := 3 + rng.IntN(200)
		b := rng.IntN(n)
		p := Paired{N: n, B: b, C: rng.IntN(n - b)}
		d := []float64{0, 0.005, 0.1, 0.6, -0.02, -0.4}[rng.IntN(6)]
		term := func(k int, p float64) float64 {
			if k == 0 {
				return 0
			}
			return float64(k) * math.Log(p)
		}
		likelihood := func(q float64) float64 { return term(p.B, q+d) + term(p.C, q) + term(n-p.B-p.C, 1-2*q-d) }
		low, high := max(0, -d), (1-d)/2
		for range 200 { // the likelihood has one maximum
			third := (high - low) / 3
			if likelihood(low+third) < likelihood(high-third) {
				low += third
			} else {
				high -= third
			}
		}
		variance := float64(n) * (2*low + d - d*d)
		if variance < 1e-9 {
			continue
		}
		want := (float64(p.B-p.C) - float64(n)*d) / math.Sqrt(variance)
		if got := p.z(d); math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
			t.Errorf("trial %d: %+v, loss %v: Z %v, want %v", trial, p, d, got, want)
		}
	}
}

func TestInterval(t *testing.T) {
	for _, c := range []struct {
		name string
		p    Paired
	}{
		{"some changes", Paired{N: 2000, B: 31, C: 24}},
		{"one way", Paired{N: 100, B: 9}},
		{"the other way", Paired{N: 100, C: 9}},
		{"none", Paired{N: 500}},
		{"all", Paired{N: 20, B: 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			low, high := c.p.Interval(0.95)
			if !(low < high && low >= -1 && high <= 1) || c.p.Loss() < low-1e-9 || c.p.Loss() > high+1e-9 {
				t.Fatalf("the loss %v is not in %v..%v", c.p.Loss(), low, high)
			}
			for _, end := range []float64{low, high} {
				if z := math.Abs(c.p.z(end)); end > -0.999 && end < 0.999 && math.Abs(z-1.959964) > 1e-4 {
					t.Errorf("Z is %v at the end %v", z, end)
				}
			}
			other, _ := Paired{N: c.p.N, B: c.p.C, C: c.p.B}.Interval(0.95)
			if math.Abs(other+high) > 1e-9 {
				t.Errorf("the interval from the other side ends at %v, not at %v", -other, high)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{1, 63, 64, 65, 200} {
		a, b := make([]uint64, n/64+2), make([]uint64, n/64+2)
		for i := range a {
			a[i], b[i] = rng.Uint64(), rng.Uint64() // bits past the last sample do not count
		}
		want, right := Paired{N: n}, 0
		for i := range n {
			x, y := a[i/64]>>(i%64)&1, b[i/64]>>(i%64)&1
			right += int(y)
			switch {
			case x > y:
				want.B++
			case x < y:
				want.C++
			}
		}
		if got := Compare(a, b, n); got != want || correct(b, n) != right {
			t.Errorf("n %d: %+v and %d correct, want %+v and %d", n, got, correct(b, n), want, right)
		}
	}
}

// TestScorePValue holds that the test and the one-sided Clopper-Pearson bound decide alike, and its exact level.
func TestScorePValue(t *testing.T) {
	for _, n := range []int{1, 9, 50, 400} {
		for _, target := range []float64{0.5, 0.9, 0.97} {
			level := 0.0
			for k := range n + 1 {
				p := scorePValue(k, n, target)
				low, _ := clopperPearson(k, n, 0.9) // 0.05 on either side
				if math.Abs(p-0.05) > 1e-6 && (p <= 0.05) != (low > target) {
					t.Errorf("%d of %d, target %v: p-value %v, bound %v", k, n, target, p, low)
				}
				if p <= 0.05 {
					level += trinomial(n, k, 0, target, 0)
				}
			}
			if level > 0.05 {
				t.Errorf("n %d, target %v: level %v", n, target, level)
			}
		}
	}
}

func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		name string
		got  []Need
		want []int
	}{
		{"a loss that is no less than the budget", lossNeeds(0.03, 0.005, 0.005, 0.05), nil},
		{"nothing changes", lossNeeds(0, 0, 0.005, 0.05), []int{600, 600, 600}},
		{"a score below the target", scoreNeeds(0.9, 0.91, 0.05), nil},
		{"a score above it", scoreNeeds(0.92, 0.91, 0.05), []int{2200, 4900, 6700}},
		{"a perfect score", scoreNeeds(1, 0.9, 0.05), []int{29, 29, 29}},
	} {
		if len(c.got) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
			continue
		}
		for i, need := range c.got {
			if need.Samples != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
			}
		}
	}
}

// TestLeastSamples holds the bound against the test itself.
func TestLeastSamples(t *testing.T) {
	for _, budget := range []float64{0.3, 0.05, 0.005} {
		n := LeastSamples(budget, 0.05)
		if p := (Paired{N: n}).PValue(budget, 0.05); p > 0.05 {
			t.Errorf("budget %v: %d samples do not do, p %v", budget, n, p)
		}
		if p := (Paired{N: n - 1}).PValue(budget, 0.05); p <= 0.05 {
			t.Errorf("budget %v: %d samples do, p %v", budget, n-1, p)
		}
	}
	if n := LeastSamples(0, 0.05); n != 0 {
		t.Errorf("%d samples for a budget of zero", n)
	}
}
