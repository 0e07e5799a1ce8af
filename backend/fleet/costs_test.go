package fleet_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/fleet"
	"example.org/demote/search"
)

// costly are costs of blocks of two kinds by turns, as the layout mixes them, and of kinds in no order.
func costly(n int) map[string][]float64 {
	turns, mixed := make([]float64, n), make([]float64, n)
	for b := range n {
		turns[b], mixed[b] = []float64{4, 1}[b%2], []float64{1, 9, 3, 1, 1, 9, 2}[b*b%7]
	}
	return map[string][]float64{"turns": turns, "mixed": mixed}
}

// TestDealCosts holds that of every first part of blocks of different costs each member has its share by cost, to a few
// of the largest blocks: of two kinds by turns two members do not get one each.
func TestDealCosts(t *testing.T) {
	for name, costs := range costly(1000) {
		for _, speeds := range [][]float64{{1, 1}, {1, 1, 1}, {3, 1, 1}, {1, 0, 0.3}} {
			all := 0.0
			for _, s := range speeds {
				all += s
			}
			has, sum, most := make([]float64, len(speeds)), 0.0, 0.0
			for b, owner := range fleet.DealCosts(costs, speeds) {
				has[owner], sum, most = has[owner]+costs[b], sum+costs[b], max(most, costs[b])
				for i, s := range speeds {
					if want := s / all * sum; math.Abs(has[i]-want) > most*float64(len(speeds)) {
						t.Fatalf("%s at %v: of %d blocks member %d has %.0f of %.0f, want %.1f", name, speeds, b+1, i, has[i], sum, want)
					}
				}
			}
		}
	}
}

// TestNewcomersShareCosts holds that newcomers get their share by cost, evenly from all over the layout.
func TestNewcomersShareCosts(t *testing.T) {
	for name, costs := range costly(420) {
		var list []*absent
		for i := range 5 {
			list = append(list, &absent{name: fmt.Sprint(i), left: -1})
		}
		f := fleet.New(list[0], list[1])
		f.Costs = func(block int) (whole, sample float64) { return costs[block], costs[block] }
		if err := f.Deal(len(costs)); err != nil {
			t.Fatal(err)
		}
		for n := 2; n < len(list); n++ {
			if err := f.Add(list[n], 0); err != nil {
				t.Fatal(err)
			}
			for _, to := range []int{len(costs) / 3, len(costs)} {
				all := 0.0
				for _, c := range costs[:to] {
					all += c
				}
				for i, m := range list[:n+1] {
					own := 0.0
					for _, b := range m.held {
						if b < to {
							own += costs[b]
						}
					}
					if want := all / float64(n+1); math.Abs(own-want) > 27 {
						t.Errorf("%s, %d members: %d has %.0f of the first %d blocks, want %.0f", name, n+1, i, own, to, want)
					}
				}
			}
		}
	}
}

// timed is a member that says how long it has taken for its blocks: as long as they cost, by its speed.
type timed struct {
	absent
	number int
	speed  float64
	cost   func(block int) float64
	post   func(bounds.Answer)
}

func (m *timed) Join(number int, post func(bounds.Answer)) { m.number, m.post = number, post }
func (m *timed) Lease(l *bounds.Lease) {
	for _, b := range m.held {
		m.post(bounds.Answer{Lease: l.ID, Member: m.number, Block: b, Work: 1, Seconds: m.cost(b) / m.speed})
	}
}

// TestSpeedsByCost holds that a member is not taken for slow because its blocks take long: one gets those of four times
// the cost, and is as fast as the other.
func TestSpeedsByCost(t *testing.T) {
	costs := costly(100)["turns"]
	cost := func(block int) float64 { return costs[block] }
	a, b := &timed{speed: 1, cost: cost, absent: absent{name: "a", left: -1}}, &timed{speed: 2, cost: cost, absent: absent{name: "b", left: -1}}
	f := fleet.New(a, b)
	f.Clock = time.Now
	if err := f.Deal(len(costs)); err != nil { // by turns: b has the long ones
		t.Fatal(err)
	}
	if len(a.held) != 50 || costs[a.held[0]] != 4 {
		t.Fatalf("%v of %v", a.held, costs)
	}
	f.Costs = func(block int) (whole, sample float64) { return costs[block], costs[block] }
	mask := search.NewMask(1)
	if err := f.Run(t.Context(), bounds.Job{Base: mask, Mask: mask, To: len(costs)}, make([]bounds.Gain, len(costs))); err != nil {
		t.Fatal(err)
	}
	if s := f.Standings(); math.Abs(s[1].Speed/s[0].Speed-2) > 1e-9 {
		t.Errorf("speeds %v and %v, want 1 and 2", s[0].Speed, s[1].Speed)
	}
}
