package run

import (
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/search"
)

// TestAheadSparesDrafts holds that a block which is run ahead of the trial at hand leaves that trial's activations where
// they are: when it wins, every block starts from the last cut. A trial that is itself at hand takes their room, and its
// block has to be run from further in front.
func TestAheadSparesDrafts(t *testing.T) {
	s := compiled(t, Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Limit: 60, Cache: 1 << 30, Block: 20})
	if s.ev.Parts() < 2 {
		t.Fatalf("the network is in %d parts", s.ev.Parts())
	}
	n := len(s.records)
	demoted := func(holders ...int) search.Mask {
		m := search.NewMask(n)
		for _, h := range holders {
			m.Demote(h)
		}
		return m
	}
	base, winner, later, next := demoted(), demoted(1, 2), demoted(1, 2, 3), demoted(1, 2, n-1)
	parts := func(base, mask, hand search.Mask, block int) int {
		before := s.ev.Stats().Parts
		var gain bounds.Gain
		s.ev.Start(bounds.Job{Base: base, Mask: mask, From: block, To: block + 1}, hand, 7, &gain)
		if ticket, _, err := s.ev.Finish(); err != nil || ticket != 7 {
			t.Fatal(ticket, err)
		}
		return s.ev.Stats().Parts - before
	}
	for _, c := range []struct {
		name  string
		hand  search.Mask
		kept  bool
		other int // another holder, so that what is run is new
	}{{"ahead", winner, true, n - 2}, {"at hand", later, false, n - 3}} {
		for block := range 3 {
			parts(base, winner, winner, block)
		}
		parts(base, later, c.hand, 0)
		next := next
		next.Demote(c.other)
		first, second := parts(winner, next, next, 0), parts(winner, next, next, 1)
		if kept := first == second; kept != c.kept || second == 0 || second > s.ev.Parts() {
			t.Errorf("%s: %d parts run of the first block, %d of the second, of %d", c.name, first, second, s.ev.Parts())
		}
	}
}
