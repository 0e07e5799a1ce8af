package proof

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// TestLevelsAreAllMixes walks through all levels: every mix that saves more than what is to be beaten comes once, none
// comes that does not, and no mix saves more than one of an earlier level.
func TestLevelsAreAllMixes(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 51))
		costs := make([]float64, rng.IntN(12))
		for u := range costs {
			switch seed % 4 {
			case 0:
				costs[u] = 3
			case 1:
				costs[u] = float64(rng.IntN(3))
			case 2:
				costs[u] = math.Ldexp(rng.Float64(), rng.IntN(40)) // sums that round
			default:
				costs[u] = rng.Float64()
			}
		}
		s := NewSpace(costs)
		worth := math.Inf(-1)
		if seed%3 > 0 {
			worth = s.Saved(nil) * rng.Float64()
		}
		want := 0
		for set := range 1 << len(costs) {
			var high []int
			for u := range costs {
				if set>>u&1 == 1 {
					high = append(high, u)
				}
			}
			if s.Saved(high) > worth {
				want++
			}
		}
		seen, least, sizes := map[string]bool{}, math.Inf(1), 0
		for l := s.First(); l != nil; l = s.After(l, worth) {
			count, lowest := 0, least
			visit := func(parent, children []int) error {
				for _, u := range children {
					mix := parent
					if u >= 0 {
						mix = append(append([]int{}, parent...), u)
					}
					saved := s.Saved(mix)
					if key := fmt.Sprint(mix); seen[key] || !(saved > worth) && len(mix) > 0 || saved > least || u >= 0 && !(saved > l.Over) {
						t.Fatalf("seed %d: mix %v saves %v after %v in level %+v, to be beaten is %v", seed, mix, saved, least, *l, worth)
					} else {
						seen[key] = true
					}
					if l.Size >= 0 && len(mix) != l.Size {
						t.Fatalf("seed %d: mix %v in level %+v", seed, mix, *l)
					}
					count, lowest = count+1, min(lowest, saved)
				}
				return nil
			}
			if math.IsInf(l.Most, 1) {
				_ = visit(nil, []int{-1})
			} else if err := s.Walk(l, visit); err != nil {
				t.Fatal(err)
			}
			if float64(count) != l.Mixes {
				t.Fatalf("seed %d: %d mixes in level %+v", seed, count, *l)
			}
			least = lowest
			sizes++
		}
		if len(costs) > 0 && s.Saved(nil) > worth && len(seen) != want {
			t.Fatalf("seed %d: %d mixes of %d in %d levels", seed, len(seen), want, sizes)
		}
	}
}

// TestRaisedBound raises what a level is about on the way: nothing comes after that that saves less, and all that
// saves more.
func TestRaisedBound(t *testing.T) {
	costs := []float64{5, 1, 4, 2, 3, 6, 2.5}
	s := NewSpace(costs)
	for stop := range 40 {
		l := &Level{Size: -1, Over: 8, Most: math.Inf(1)}
		var rest []float64
		n := 0
		err := s.Walk(l, func(parent, children []int) error {
			for _, u := range children {
				saved := s.Saved(append(append([]int{}, parent...), u))
				if n > stop {
					rest = append(rest, saved)
				}
				n++
			}
			if n > stop {
				l.Over = 15
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, saved := range rest[min(len(rest), len(costs)):] { // the family at hand was listed before
			if saved <= 15 {
				t.Fatalf("after %d mixes: one that saves %v", stop, saved)
			}
		}
	}
}

// TestChoose compares numbers of mixes with counts.
func TestChoose(t *testing.T) {
	for n := range 13 {
		for k := range n + 2 {
			count, below := 0.0, 0.0
			for set := range 1 << n {
				if c := bits.OnesCount(uint(set)); c == k {
					count++
				} else if c < k {
					below++
				}
			}
			if Choose(n, k) != count || Below(n, k) != below {
				t.Errorf("%d of %d: %v and below %v, want %v and %v", k, n, Choose(n, k), Below(n, k), count, below)
			}
		}
	}
	if Choose(52, 7) != 133784560 || Below(52, 8) != 157036244 || Choose(52, -1) != 0 {
		t.Error(Choose(52, 7), Below(52, 8))
	}
}

// TestDraw holds that every mix of a size is drawn about as often, and the bound of a draw without success.
func TestDraw(t *testing.T) {
	counts := map[string]int{}
	const mixes = 20000
	var last []int
	for _, high := range Draw(rand.New(rand.NewPCG(1, 2)), 6, 3, mixes) {
		if len(high) != 3 || high[0] >= high[1] || high[1] >= high[2] || last != nil && fmt.Sprint(last) > fmt.Sprint(high) {
			t.Fatalf("%v after %v", high, last)
		}
		last = high
		counts[fmt.Sprint(high)]++
	}
	for high, n := range counts { // a binomial of mean 1000 and deviation 31
		if len(counts) != 20 || n < 850 || n > 1150 {
			t.Errorf("%s came %d times, of %d mixes", high, n, len(counts))
		}
	}
	for _, m := range []int{1, 10, 100, 300, 100000} {
		p := AtMost(m)
		if miss := math.Pow(1-p, float64(m)); math.Abs(miss-doubt) > 1e-9 || m >= 10 && p > 3/float64(m) {
			t.Errorf("%d drawn: %v, which is missed with %v", m, p, miss)
		}
	}
	if AtMost(0) != 1 {
		t.Error("nothing drawn says something")
	}
}
