package machine

import (
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/link"
	"example.org/demote/search"
)

// noLink leads nowhere.
type noLink struct{ link.Link }

func (noLink) Send([]byte) error { return nil }
func (noLink) Name() string      { return "a worker" }

// TestAnswersThatNobodyAskedFor holds that a worker is heard on blocks of its own that a lease is of, with gains that
// can be, and on nothing else: neither the answers of others nor memory can be had by other messages.
func TestAnswersThatNobodyAskedFor(t *testing.T) {
	var got []int
	f := &Members{samples: 70*5 - 3, judgesThere: true, shapes: []*shaping{{}}}
	f.shapes[0].opts.Block = 70
	f.lay(f.cellsOf(nil))
	e := &elsewhere{link: noLink{}, of: f, blocks: []int{0, 2, 4}, post: func(a bounds.Answer) { got = append(got, a.Block) }}
	say := func(number uint64, block int, change func(g *bounds.Gain)) {
		a := bounds.Answer{Lease: number, Block: block, Gain: bounds.Gain{Sum: 1, Count: 1}}
		a.Gain.Hits[0] = 1
		if change != nil {
			change(&a.Gain)
		}
		e.hear(link.Answer(&a, 128))
	}
	lease := func(from int, only []int) {
		got = nil
		e.Lease(&bounds.Lease{ID: 7, Base: search.NewMask(3), Mask: search.NewMask(3), From: from, Only: only})
	}
	lease(2, nil)
	for b := range 1000 {
		say(e.newest, b, nil)
		say(e.newest, b, nil)
	}
	if len(got) != 2 || got[0] != 2 || got[1] != 4 || len(e.answers) > 3 {
		t.Errorf("blocks %v are heard of a lease from block 2 on, and %d are kept in mind", got, len(e.answers))
	}
	lease(0, []int{4})
	for b := range 5 {
		say(e.newest, b, nil)
	}
	if len(got) != 1 || got[0] != 4 {
		t.Errorf("blocks %v are heard of a lease of block 4", got)
	}
	lease(0, nil)
	say(e.newest, 4, func(g *bounds.Gain) { g.Hits[1], g.Hits[0], g.Sum = 1<<3, 0, 1 }) // it has 67 samples
	say(e.newest, 2, func(g *bounds.Gain) { g.Hits[1], g.Hits[0], g.Sum = 1<<6, 0, 1 })
	if len(got) != 0 {
		t.Errorf("blocks %v are heard with gains of more samples than they have", got)
	}
	say(e.newest, 4, func(g *bounds.Gain) { g.Hits[1], g.Hits[0], g.Sum = 1<<2, 0, 1 })
	if len(got) != 1 {
		t.Error("a gain of the last sample of a block is not heard")
	}
}

// TestFailuresOfEndedLeases holds that a worker whose failures others run is left out by one of the lease at hand
// alone, of a block of its own: not by what comes late, twice, or of a lease that has ended.
func TestFailuresOfEndedLeases(t *testing.T) {
	f := &Members{samples: 50, judgesThere: true, shapes: []*shaping{{}}}
	f.shapes[0].opts.Block, f.opts.OnCPU = 10, true
	f.lay(f.cellsOf(nil))
	e := &elsewhere{link: noLink{}, of: f, branch: true, blocks: []int{0, 2, 4}, left: make(chan struct{}), post: func(bounds.Answer) {}}
	lease := func(id uint64) uint64 {
		e.Lease(&bounds.Lease{ID: id, Base: search.NewMask(3), Mask: search.NewMask(3)})
		return e.newest
	}
	fails := func(number uint64, block int) bool {
		e.hear(link.Failed(number, block, "it was ended", false))
		_, gone := e.there()
		return gone != nil
	}
	before := lease(1)
	e.Drop(1)
	if fails(before, 2) {
		t.Error("it is left out for a lease that was dropped")
	}
	now := lease(2)
	e.hear(link.Answer(&bounds.Answer{Lease: now, Block: 4}, 10))
	for name, at := range map[string][2]uint64{"of the lease before": {before, 2}, "of a later one": {now + 1, 2}, "of another's block": {now, 1}, "of an answered block": {now, 4}} {
		if fails(at[0], int(at[1])) {
			t.Errorf("it is left out for a failure %s", name)
		}
	}
	if !fails(now, 2) {
		t.Error("it is not left out for a block that it is to run")
	}
}
