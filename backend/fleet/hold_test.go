package fleet_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/fleet"
	"example.org/demote/search"
)

// running is an engine whose blocks take a millisecond. It looks for blocks that begin when they are not held any more.
type running struct {
	under   []int // tickets
	changed atomic.Bool
	ran     atomic.Int32
	wrong   atomic.Bool
}

func (r *running) Hold([]int) error                  { return nil }
func (r *running) Workers() int                      { return 2 }
func (r *running) Behind() int                       { return 0 }
func (r *running) Rows(int) []float32                { return nil }
func (r *running) Loss(block int, g bounds.Gain) int { return 0 }
func (r *running) Gone(err error) bool               { return false }
func (r *running) Begin(_ *bounds.Lease, block, ticket int, _ *bounds.Gain) {
	if r.changed.Load() && block < 1000 {
		r.wrong.Store(true)
	}
	r.under = append(r.under, ticket)
}

func (r *running) Finish() (ticket int, work float64, err error) {
	time.Sleep(time.Millisecond)
	ticket = r.under[0]
	r.under = slices.Delete(r.under, 0, 1)
	r.ran.Add(1)
	return ticket, 1, nil
}

// TestHoldBehind holds that no block of those before begins once what they are made of has changed, in the middle of a
// lease: a worker's samples are put in place of others first.
func TestHoldBehind(t *testing.T) {
	e := &running{}
	m := fleet.NewLocal("a member", e)
	defer m.Close()
	m.Join(0, func(bounds.Answer) {})
	blocks := make([]int, 1000)
	for b := range blocks {
		blocks[b] = b
	}
	if err := m.Hold(blocks); err != nil {
		t.Fatal(err)
	}
	mask := search.NewMask(1)
	m.Lease(&bounds.Lease{ID: 1, Base: mask, Mask: mask, Spare: bounds.Endless})
	for e.ran.Load() < 5 {
		time.Sleep(time.Millisecond)
	}
	err := m.HoldBehind(func() {
		e.changed.Store(true)
		time.Sleep(10 * time.Millisecond)
	}, []int{1000})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond)
	if e.wrong.Load() {
		t.Error("a block of before has begun")
	}
}
