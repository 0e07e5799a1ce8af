package claim

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// logFactorial are the logarithms of the factorials of all numbers that these tests need.
var logFactorial = func() []float64 {
	list := make([]float64, 12000)
	for i := 1; i < len(list); i++ {
		list[i] = list[i-1] + math.Log(float64(i))
	}
	return list
}()

// trinomial is the probability of b and c among n samples.
func trinomial(n, b, c int, pb, pc float64) float64 {
	lg := func(x int) float64 { return logFactorial[x] }
	part := func(k int, p float64) float64 {
		if k == 0 {
			return 0
		}
		return float64(k) * math.Log(p)
	}
	return math.Exp(lg(n) - lg(b) - lg(c) - lg(n-b-c) + part(b, pb) + part(c, pc) + part(n-b-c, max(0, 1-pb-pc)))
}

// critical is, for every c, the largest b at which a test rejects; -1: none. The test must reject fewer with rising b.
func critical(n int, rejects func(Paired) bool) []int {
	most := make([]int, n+1)
	b := -1
	for c := range most {
		for b = min(b, n-c); b >= 0 && !rejects(Paired{N: n, B: b, C: c}); {
			b--
		}
		for b < n-c && rejects(Paired{N: n, B: b + 1, C: c}) {
			b++
		}
		most[c] = b
	}
	return most
}

// rejected is the probability that a test with these critical values rejects: by enumeration of all outcomes whose
// probability is not negligible.
func rejected(n int, most []int, pb, pc float64) float64 {
	sum := 0.0
	far := func(p float64) int { return int(8*math.Sqrt(float64(n)*p)) + 12 }
	meanB, meanC := int(float64(n)*pb), int(float64(n)*pc)
	for c := max(0, meanC-far(pc)); c <= min(n, meanC+far(pc)); c++ {
		for b := max(0, meanB-far(pb)); b <= most[c] && b <= meanB+far(pb); b++ {
			sum += trinomial(n, b, c, pb, pc)
		}
	}
	return sum
}

// level is the largest probability of a wrong rejection over a grid of discordances, for true losses of the budget and
// more.
func level(n int, budget float64, most []int) (worst, at float64) {
	for _, loss := range []float64{budget, 1.1*budget + 0.001, 2*budget + 0.01} {
		for i := range 60 {
			pc := math.Pow(float64(i)/59, 3) * (1 - loss) / 2 // dense where few predictions change
			if v := rejected(n, most, pc+loss, pc); v > worst {
				worst, at = v, pc
			}
		}
	}
	return worst, at
}

// TestLevel enumerates the true level of the promise's test: at most what is asked for, whatever share of predictions
// changes.
func TestLevel(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	worst := 0.0
	for _, c := range []struct {
		n       int
		budgets []float64
		alpha   float64
	}{
		{12, []float64{0, 0.05, 0.2, 0.5}, 0.05},
		{40, []float64{0, 0.03, 0.1, 0.3}, 0.05},
		{40, []float64{0.1}, 0.2},
		{110, []float64{0.003}, 0.05},
		{110, []float64{0.05}, 0.01},
		{160, []float64{0.01}, 0.05},
	} {
		for _, budget := range c.budgets {
			most := critical(c.n, func(p Paired) bool { return p.PValue(budget, c.alpha) <= c.alpha })
			v, at := level(c.n, budget, most)
			t.Logf("n %4d budget %.3f: level %.4f of %.2f, at p_c %.4f", c.n, budget, v, c.alpha, at)
			if v > c.alpha {
				t.Errorf("n %d, budget %v: the level is %v, more than %v, at p_c %v", c.n, budget, v, c.alpha, at)
			}
			if c.alpha == 0.05 {
				worst = max(worst, v)
			}
		}
	}
	if worst < 0.04 {
		t.Errorf("the level is never above %v: the test is far too careful, or this one looks at the wrong outcomes", worst)
	}
	t.Logf("worst of 0.05: %.4f", worst)
}

// TestLevelFindsBadTests shows that the enumeration of TestLevel sees tests that do not hold their level: Tango's Z
// against the normal quantile, and a Clopper-Pearson bound that takes b+c as given.
func TestLevelFindsBadTests(t *testing.T) {
	normal := critical(40, func(p Paired) bool { return p.z(0.03) < -1.6448536 })
	if v, _ := level(40, 0.03, normal); v <= 0.05 {
		t.Errorf("Z against its quantile has level %v", v)
	}
	given := func(p Paired) bool {
		changed := p.B + p.C
		if changed == 0 {
			return true
		}
		_, high := clopperPearson(p.B, changed, 0.9)
		return (2*high-1)*p.changed() < 0.01
	}
	if v, _ := level(110, 0.01, critical(110, given)); v <= 0.3 {
		t.Errorf("the test that takes b+c as given has level %v", v)
	}
}

// TestPValueIsItsDefinition compares p-values with the plain sum over all outcomes, at a fine grid of p_c.
func TestPValueIsItsDefinition(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	rng := rand.New(rand.NewPCG(5, 1))
	const gamma = 0.0005
	for trial := range 25 {
		n := 5 + rng.IntN(20)
		p := Paired{N: n, B: rng.IntN(n/2 + 1), C: rng.IntN(n/2 + 1)}
		budget := []float64{0, 0.01, 0.1, 0.3, -0.05}[rng.IntN(5)]
		low, high := clopperPearson(p.C, n, 1-gamma)
		low, high = max(low, -budget), min(high, (1-budget)/2)
		want := 0.0
		for i := range 1501 {
			pc := low + (high-low)*float64(i)/1500
			sum := 0.0
			for c := range n + 1 {
				for b := range n + 1 - c {
					if (Paired{N: n, B: b, C: c}).z(budget) <= p.z(budget)+1e-9 {
						sum += trinomial(n, b, c, max(0, pc+budget), pc)
					}
				}
			}
			want = max(want, sum)
			if high <= low {
				break
			}
		}
		if want = min(1, want+gamma); high < low {
			want = gamma
		}
		if got := p.PValue(budget, 0.05); math.Abs(got-want) > 2e-5 {
			t.Errorf("trial %d: %+v, budget %v: p-value %v, want %v", trial, p, budget, got, want)
		}
	}
}

// TestPValueOrder holds what the exactness rests on: for every c the p-value rises with b.
func TestPValueOrder(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, budget := range []float64{0, 0.01, 0.1, -0.02} {
		for _, n := range []int{1, 7, 24} {
			for c := range n + 1 {
				before := 0.0
				for b := range n + 1 - c {
					v := Paired{N: n, B: b, C: c}.PValue(budget, 0.05)
					if v < before-1e-9 {
						t.Fatalf("n %d, budget %v: p-value %v at b %d, c %d, after %v", n, budget, v, b, c, before)
					}
					before = v
				}
			}
		}
	}
}

// TestPower compares with the figures of ALGORITHM 5: at 3 % of predictions changing and no true loss a budget of 0.005
// is proven with probability 0.5 at 3,300 samples, 0.8 at 7,500, 0.9 at 10,300. What lossNeeds says agrees.
func TestPower(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for i, c := range []struct {
		n      int
		chance float64
	}{{3300, 0.5}, {7500, 0.8}, {10300, 0.9}} {
		const p = 0.015
		mean := int(float64(c.n) * p)
		far := int(4 * math.Sqrt(float64(c.n)*p)) // 4 standard deviations: 0.0001 of the power is left out
		// most is the largest b from..to-1 that proves the budget beside c = k.
		most := func(k, from, to int) int {
			return from - 1 + sort.Search(to-from, func(b int) bool { return Paired{N: c.n, B: from + b, C: k}.PValue(0.005, 0.05) > 0.05 })
		}
		const step = 16 // between, the boundary is a straight line, to a fraction of a sample
		power := 0.0
		before, after := 0, most(mean-far, 0, mean+c.n/100)
		for k := mean - far; k <= mean+far; k++ {
			at := (k - mean + far) % step
			if at == 0 {
				before, after = after, most(k+step, after, after+2*step)
			}
			b := int(math.Round(float64(before) + float64(after-before)*float64(at)/step))
			for x := max(0, b-2*far); x <= b; x++ {
				power += trinomial(c.n, x, k, p, p)
			}
		}
		need := lossNeeds(2*p, 0, 0.005, 0.05)[i]
		t.Logf("n %d: power %.3f; %.1f needs %d", c.n, power, need.Chance, need.Samples)
		if math.Abs(power-c.chance) > 0.02 {
			t.Errorf("n %d: the power is %.3f, not %.1f", c.n, power, c.chance)
		}
		if need.Chance != c.chance || math.Abs(float64(need.Samples)/float64(c.n)-1) > 0.08 {
			t.Errorf("%d samples are said to do with chance %v, not %d with %v", need.Samples, need.Chance, c.n, c.chance)
		}
	}
}
