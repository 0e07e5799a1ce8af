package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/fleet"
	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

var errGone, errFull = errors.New("the device is gone"), errors.New("no room")

// engine runs a lookup-table model on so many workers, whose blocks end in any order.
type engine struct {
	table  *searchtest.Table
	rule   *bounds.Rule
	rng    *rand.Rand
	held   []int
	room   int // blocks that it has room for; 0: any number
	under  []underWay
	behind int
	dies   int // blocks after which the device is gone; 0: it stays
	ran    int
	slow   time.Duration
	wrong  atomic.Value
}

type underWay struct {
	lease  *bounds.Lease
	block  int
	ticket int
	gain   *bounds.Gain
	ran    bool
}

func (e *engine) Hold(blocks []int) error {
	if len(e.under) > 0 {
		e.wrong.Store("blocks are dealt with others under way")
	}
	if e.room > 0 && len(blocks) > e.room {
		return errFull
	}
	e.held = blocks
	return nil
}

func (e *engine) Workers() int { return 2 }

func (e *engine) Behind() int { return e.behind }

func (e *engine) Begin(l *bounds.Lease, block, ticket int, gain *bounds.Gain) {
	if !slices.Contains(e.held, block) || block < l.From || l.Only != nil && !slices.Contains(l.Only, block) {
		e.wrong.Store(fmt.Sprintf("block %d of lease %+v, held are %v", block, l, e.held))
	}
	running := 0
	for _, u := range e.under {
		if !u.lease.Base.Equal(l.Base) || u.lease.Rows != l.Rows {
			e.wrong.Store("two bases at once, or two kinds of answers")
		}
		if u.ticket == ticket {
			e.wrong.Store("a ticket twice")
		}
		if !u.ran {
			running++
		}
	}
	if running >= e.Workers() || len(e.under) >= e.Workers()+e.behind {
		e.wrong.Store("a block more than there are workers")
	}
	e.under = append(e.under, underWay{l, block, ticket, gain, false})
}

func (e *engine) Finish() (ticket int, work float64, err error) {
	i := e.rng.IntN(len(e.under))
	u := &e.under[i]
	time.Sleep(e.slow)
	if !u.ran && e.behind > 0 && e.rng.IntN(2) == 0 {
		u.ran = true
		return u.ticket, 0, bounds.ErrRan
	}
	done := *u
	e.under = slices.Delete(e.under, i, i+1)
	if e.ran++; e.dies > 0 && e.ran > e.dies {
		return done.ticket, 0, errGone
	}
	*done.gain = e.gain(done.lease.Mask, done.block)
	return done.ticket, float64(e.rule.Sizes[done.block]), nil
}

func (e *engine) gain(mask search.Mask, block int) (g bounds.Gain) {
	from := 0
	for _, n := range e.rule.Sizes[:block] {
		from += n
	}
	g.Count = e.table.Count(mask, from, from+e.rule.Sizes[block])
	return g
}

func (e *engine) Rows(block int) []float32 { return []float32{float32(block)} }

func (e *engine) Loss(block int, g bounds.Gain) int { return e.rule.Sizes[block] - g.Count }

func (e *engine) Gone(err error) bool { return errors.Is(err, errGone) }

// problem is a random model on a fleet.
type problem struct {
	*searchtest.Problem
	rule    *bounds.Rule
	engines []*engine
	fleet   *fleet.Fleet
	told    []string
}

func newProblem(t *testing.T, seed uint64, members int) *problem {
	rng := rand.New(rand.NewPCG(seed, 7))
	p := &problem{Problem: searchtest.NewProblem(rng), rule: &bounds.Rule{}}
	for left := p.Table.Samples; left > 0; {
		n := min(left, 1+rng.IntN(5))
		p.rule.Sizes = append(p.rule.Sizes, n)
		left -= n
	}
	var list []fleet.Member
	for i := range members {
		e := &engine{table: p.Table, rule: p.rule, rng: rand.New(rand.NewPCG(seed, uint64(i))), behind: rng.IntN(3)}
		p.engines = append(p.engines, e)
		list = append(list, fleet.NewLocal(fmt.Sprintf("m%d", i), e))
	}
	p.fleet = fleet.New(list...)
	p.fleet.Told = func(name string, why error) { p.told = append(p.told, fmt.Sprintf("%s: %v", name, why)) }
	t.Cleanup(func() {
		p.fleet.Close()
		for i, e := range p.engines {
			if w := e.wrong.Load(); w != nil {
				t.Errorf("seed %d: member %d: %v", seed, i, w)
			}
		}
	})
	if err := p.fleet.Deal(len(p.rule.Sizes)); err != nil {
		t.Fatal(err)
	}
	return p
}

// measured also tells a table's distances.
type measured struct {
	*bounds.Evaluator
	*searchtest.Table
}

func (m measured) Score(ctx context.Context, mask search.Mask) (search.Score, error) {
	return m.Evaluator.Score(ctx, mask)
}

// TestSearches compares searches by every strategy on one to four members, of which up to all but one are lost on the
// way, with the naive search: every field of the result.
func TestSearches(t *testing.T) {
	lost := 0
	for seed := range uint64(120) {
		members := 1 + int(seed%4)
		for _, s := range search.Strategies() {
			p := newProblem(t, seed, members)
			for _, e := range p.engines[1:] {
				if seed%2 == 0 {
					e.dies = 1 + e.rng.IntN(40)
				}
			}
			want, err := search.Run(context.Background(), s.Name, p.Table.Model(), p.Options)
			if err != nil {
				t.Fatal(err)
			}
			got, err := search.Run(context.Background(), s.Name, measured{bounds.NewEvaluator(p.fleet, p.rule), p.Table}, p.Options)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, %d members: %s: %v\n%+v, want\n%+v", seed, members, s.Name, err, got, want)
			}
			lost += len(p.told)
			p.fleet.Close()
		}
	}
	if lost < 20 {
		t.Errorf("%d members were lost", lost)
	}
}

// TestEach hands out the rows of some blocks, once each, also where a member is lost and its blocks are run again.
func TestEach(t *testing.T) {
	for seed := range uint64(200) {
		p := newProblem(t, seed, 3)
		p.engines[seed%3].dies = int(seed % 5)
		l := bounds.Lease{Base: search.NewMask(p.Table.N), Mask: search.NewMask(p.Table.N), Rows: true}
		to := len(p.rule.Sizes)
		var want []int
		if seed%2 == 0 {
			l.Only = []int{0, to - 1}[:min(to, 2)]
			want = l.Only
		} else {
			for b := range to {
				want = append(want, b)
			}
		}
		var got []int
		err := p.fleet.Each(context.Background(), l, to, func(a bounds.Answer) error {
			got = append(got, int(a.Rows[0]))
			return nil
		})
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("seed %d: blocks %v, want %v: %v", seed, got, want, err)
		}
	}
}

// TestNobodyLeft holds what is said when the last member is lost, or what was a lost one's fits nowhere.
func TestNobodyLeft(t *testing.T) {
	score := func(p *problem) error {
		_, err := bounds.NewEvaluator(p.fleet, p.rule).Score(context.Background(), search.NewMask(p.Table.N))
		return err
	}
	p := newProblem(t, 3, 2)
	p.engines[0].dies, p.engines[1].dies = 1, 2
	if err := score(p); !errors.Is(err, errGone) {
		t.Errorf("no member is left: %v", err)
	}
	if err := score(p); !errors.Is(err, errGone) {
		t.Errorf("asked again: %v", err)
	}
	p = newProblem(t, 3, 2)
	p.engines[1].dies, p.engines[0].room = 1, len(p.engines[0].held)
	err := score(p)
	if err == nil || errors.Is(err, errGone) || !strings.Contains(err.Error(), errFull.Error()) || !strings.Contains(err.Error(), "m1 is lost") || !strings.Contains(err.Error(), "m0 cannot take its blocks") {
		t.Errorf("no room: %v", err)
	}
}

// TestCancelled holds that a wait ends with its context, and that the fleet goes on after.
func TestCancelled(t *testing.T) {
	p := newProblem(t, 5, 2)
	for _, e := range p.engines {
		e.slow = 5 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	e := bounds.NewEvaluator(p.fleet, p.rule)
	mask := search.NewMask(p.Table.N)
	if _, err := e.Score(ctx, mask); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
	got, err := e.Score(context.Background(), mask)
	if want, _ := p.Table.Score(context.Background(), mask); err != nil || got != want {
		t.Errorf("%v, want %v: %v", got, want, err)
	}
}

// TestSlowMember deals a slow member fewer blocks, once its speed is known.
func TestSlowMember(t *testing.T) {
	p := newProblem(t, 5, 2)
	p.engines[1].slow = 4 * time.Millisecond
	mask := search.NewMask(p.Table.N)
	if err := p.fleet.Run(context.Background(), bounds.Job{Base: mask, Mask: mask, To: len(p.rule.Sizes)}, make([]bounds.Gain, len(p.rule.Sizes))); err != nil {
		t.Fatal(err)
	}
	before := len(p.engines[1].held)
	if err := p.fleet.Deal(len(p.rule.Sizes)); err != nil {
		t.Fatal(err)
	}
	if now := len(p.engines[1].held); now >= before || now+len(p.engines[0].held) != len(p.rule.Sizes) {
		t.Errorf("%d of %d blocks, before %d", now, len(p.rule.Sizes), before)
	}
}
