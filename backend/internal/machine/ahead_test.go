package machine

import (
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// TestAheadSparesDrafts holds that a block which is run ahead of the trial at hand leaves that trial's activations
// where they are: when it wins, every block starts from the last cut. A trial that is itself at hand takes their
// room, and its block has to be run from further in front.
func TestAheadSparesDrafts(t *testing.T) {
	toy := devicetest.NewToy(4, 12, 31)
	mse, err := metric.ByName("mse")
	if err != nil {
		t.Fatal(err)
	}
	demoted := func(holders ...int) search.Mask {
		m := search.NewMask(toy.Holders())
		for _, h := range holders {
			m.Demote(h)
		}
		return m
	}
	base, winner, later, next := demoted(), demoted(0), demoted(0, 1), demoted(0, 3)
	for _, c := range []struct {
		name string
		hand search.Mask
		kept bool
	}{{"ahead", winner, true}, {"at hand", later, false}} {
		truth := metric.Truth{Reference: make([]float32, 12*3)}
		m, err := New(t.Context(), toy, toy, devicetest.ToyRecords(), Options{Kind: &devicetest.Reference, Metric: mse, Truth: truth, Block: 4, Workers: 2, Cache: 1 << 30, Cuts: []int{0, 1, 2, 3, 4}})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if _, err := m.Plan(); err != nil || m.Parts() != 4 {
			t.Fatalf("%d parts, %v", m.Parts(), err)
		}
		parts := func(base, mask, hand search.Mask, block int) int {
			before := m.stats.Parts
			var gain bounds.Gain
			m.Start(bounds.Job{Base: base, Mask: mask, From: block, To: block + 1}, hand, 7, &gain)
			if ticket, _, err := m.Finish(); err != nil || ticket != 7 {
				t.Fatal(ticket, err)
			}
			return m.stats.Parts - before
		}
		for block := range 3 {
			parts(base, winner, winner, block)
		}
		parts(base, later, c.hand, 0)
		first, second := parts(winner, next, next, 0), parts(winner, next, next, 1)
		if kept := first == second; kept != c.kept || second == 0 || second > m.Parts() {
			t.Errorf("%s: %d parts run of the first block, %d of the second, of %d", c.name, first, second, m.Parts())
		}
	}
}
