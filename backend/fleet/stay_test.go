package fleet_test

import (
	"errors"
	"testing"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/fleet"
	"example.org/demote/search"
)

// paced is a member that answers at once and says how long its blocks have taken, with room for some.
type paced struct {
	name    string
	seconds float64 // a block
	room    int
	number  int
	post    func(bounds.Answer)
	blocks  []int
	deals   int // that it was given, taken or not
}

func (p *paced) Name() string                              { return p.name }
func (p *paced) Join(number int, post func(bounds.Answer)) { p.number, p.post = number, post }
func (p *paced) Drop(uint64)                               {}
func (p *paced) Close()                                    {}

func (p *paced) Hold(blocks []int) error {
	if p.deals++; len(blocks) > p.room {
		return errFull
	}
	p.blocks = blocks
	return nil
}

func (p *paced) Lease(l *bounds.Lease) {
	for _, b := range p.blocks {
		p.post(bounds.Answer{Lease: l.ID, Member: p.number, Block: b, Work: 1, Seconds: p.seconds})
	}
}

// TestBlocksThatDoNotFitStay has blocks that would move fit nowhere else: they are tried once, and not again behind a
// newcomer that takes none. One that takes some leaves room, and they are tried anew.
func TestBlocksThatDoNotFitStay(t *testing.T) {
	const blocks = 12
	fast, slow := &paced{name: "fast", seconds: 0.1, room: 8}, &paced{name: "slow", seconds: 1, room: 12}
	f := fleet.New(fast, slow)
	now := time.Now()
	f.Clock = func() time.Time {
		now = now.Add(time.Minute)
		return now
	}
	if err := f.Deal(blocks); err != nil {
		t.Fatal(err)
	}
	id := uint64(0)
	search50 := func() (deals int) {
		t.Helper()
		before, mask := fast.deals, search.NewMask(1)
		for range 50 {
			id++
			f.Lease(bounds.Lease{ID: id, Base: mask, Mask: mask, Spare: bounds.Endless})
			for heard := 0; heard < blocks; {
				a, err := f.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if a.Lease == id {
					heard++
				}
			}
			f.Drop(id)
		}
		return fast.deals - before
	}
	if n := search50(); n != 2 { // and back
		t.Errorf("%d deals, want 2", n)
	}
	if n := search50(); n != 0 {
		t.Errorf("%d deals once blocks stay", n)
	}
	if err := f.Add(&paced{name: "full", seconds: 1}, 0); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	if n := search50(); n != 0 {
		t.Errorf("%d deals behind a newcomer that takes no blocks", n)
	}
	if err := f.Add(&paced{name: "new", seconds: 1, room: 12}, 1); err != nil {
		t.Fatal(err)
	}
	if n := search50(); n == 0 {
		t.Error("no deal behind a newcomer that has taken blocks")
	}
	for _, s := range f.Standings() {
		t.Logf("%+v", s)
	}
}
