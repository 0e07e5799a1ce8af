package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/fleet"
	"example.org/demote/search"
)

// growing is a fleet to which members come between leases, at random.
type growing struct {
	*fleet.Fleet
	*problem
	t     *testing.T
	rng   *rand.Rand
	count int
}

// come has a member come, which may die or have too little room.
func (g *growing) come() {
	e := &engine{table: g.Table, rule: g.rule, rng: rand.New(rand.NewPCG(g.rng.Uint64(), 1)), behind: g.rng.IntN(3)}
	switch g.rng.IntN(3) {
	case 0:
		e.dies = 1 + g.rng.IntN(40)
	case 1:
		e.room = 1
	}
	g.engines = append(g.engines, e)
	share := g.Share(0)
	err := g.Add(fleet.NewLocal(fmt.Sprint("late ", g.count), e), 0)
	if g.count++; err != nil && (!errors.Is(err, errFull) || len(share) <= e.room) {
		g.t.Fatal(err)
	}
	if err == nil {
		e.room = 0 // for the blocks of those that die
	}
	if err == nil && !slices.Equal(e.held, share) {
		g.t.Fatalf("it has blocks %v, its share was %v", e.held, share)
	}
}

func (g *growing) Lease(l bounds.Lease) {
	if g.rng.IntN(6) == 0 {
		g.come()
	}
	g.Fleet.Lease(l)
}

func (g *growing) Run(ctx context.Context, job bounds.Job, gains []bounds.Gain) error {
	if g.rng.IntN(6) == 0 {
		g.come()
	}
	return g.Fleet.Run(ctx, job, gains)
}

// TestSearchesOnFleetsThatGrow compares searches by every strategy, with members that come and die at random moments,
// all of them too, with the naive search: every field of the result.
func TestSearchesOnFleetsThatGrow(t *testing.T) {
	lost, come, refilled := 0, 0, 0
	for seed := range uint64(60) {
		for _, s := range search.Strategies() {
			p := newProblem(t, seed, 1+int(seed%3))
			for _, e := range p.engines {
				if seed%2 == 0 {
					e.dies = 1 + e.rng.IntN(40)
				}
			}
			g := &growing{Fleet: p.fleet, problem: p, t: t, rng: rand.New(rand.NewPCG(seed, 9))}
			p.fleet.Refill = func(context.Context, error) error {
				refilled++
				for range 50 {
					if g.come(); g.Lost(len(g.engines)-1) == nil {
						return nil
					}
				}
				return errors.New("nobody takes the blocks")
			}
			want, err := search.Run(context.Background(), s.Name, p.Table.Model(), p.Options)
			if err != nil {
				t.Fatal(err)
			}
			got, err := search.Run(context.Background(), s.Name, measured{bounds.NewEvaluator(g, p.rule), p.Table}, p.Options)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: %s: %v\n%+v, want\n%+v", seed, s.Name, err, got, want)
			}
			lost, come = lost+len(p.told), come+g.count
			p.fleet.Close()
		}
	}
	if lost < 20 || come < 100 || refilled < 20 {
		t.Errorf("%d members were lost, %d came, %d times to an empty fleet", lost, come, refilled)
	}
}

// TestNewcomersShare holds how many blocks newcomers get, that the others keep the rest, and that every prefix is
// shared about alike.
func TestNewcomersShare(t *testing.T) {
	absents := func(n int) (list []*absent) {
		for i := range n {
			list = append(list, &absent{name: fmt.Sprint(i), left: -1})
		}
		return list
	}
	list := absents(8)
	f := fleet.New(list[0], list[1])
	if err := f.Deal(240); err != nil {
		t.Fatal(err)
	}
	for n := 2; n < len(list); n++ {
		before := make([][]int, n)
		for i := range n {
			before[i] = list[i].held
		}
		if err := f.Add(list[n], 0); err != nil {
			t.Fatal(err)
		}
		for i, m := range list[:n+1] {
			if got := len(m.held); got < 240/(n+1)-1 || got > 240/(n+1)+1 {
				t.Errorf("%d members: %d has %d blocks", n+1, i, got)
			}
			if i < n && slices.ContainsFunc(m.held, func(b int) bool { return !slices.Contains(before[i], b) }) {
				t.Errorf("%d members: %d has others than before", n+1, i)
			}
			in := 0
			for _, b := range m.held {
				if b < 80 {
					in++
				}
			}
			if in < 80/(n+1)-3 || in > 80/(n+1)+3 {
				t.Errorf("%d members: %d has %d of the first 80 blocks", n+1, i, in)
			}
		}
	}
}

// mute is a member that answers nothing and says so.
type mute struct {
	absent
	number    int
	post      func(bounds.Answer)
	abandoned bool
}

func (m *mute) Join(number int, post func(bounds.Answer)) { m.number, m.post = number, post }
func (m *mute) Lease(*bounds.Lease) {
	m.post(bounds.Answer{Member: m.number, Block: fleet.Stuck, Err: errors.New("no answer")})
}
func (m *mute) Abandon(error) { m.abandoned = true }

// TestStuckMember has a member that is there answer nothing: it is left out where the others take its blocks, and stays
// where they do not, or where there are no others.
func TestStuckMember(t *testing.T) {
	for name, c := range map[string]struct {
		room, members int
		stays         bool
	}{"room": {0, 3, false}, "no room": {1, 3, true}, "alone": {0, 1, true}} {
		p := newProblem(t, 3, 3)
		p.fleet.Close()
		var list []fleet.Member
		for i, e := range p.engines[:c.members-1] {
			list = append(list, fleet.NewLocal(fmt.Sprint("m", i), e))
		}
		m := &mute{absent: absent{name: "mute", left: -1}}
		f := fleet.New(append(list, m)...)
		var left, stay string
		f.Told = func(name string, why error) { left += name + ": " + why.Error() }
		ctx, cancel := context.WithCancel(t.Context())
		f.Stays = func(name string, why error) {
			stay += name + ": " + why.Error()
			cancel()
		}
		blocks := len(p.rule.Sizes)
		if err := f.Deal(blocks); err != nil {
			t.Fatal(err)
		}
		for _, e := range p.engines {
			if c.room > 0 {
				e.room = len(e.held)
			}
		}
		mask := search.NewMask(p.Table.N)
		got := make([]bounds.Gain, blocks)
		err := f.Run(ctx, bounds.Job{Base: mask, Mask: mask, To: blocks}, got)
		if c.stays {
			if !errors.Is(err, context.Canceled) || !strings.Contains(stay, "mute: no answer") || left != "" || m.abandoned {
				t.Errorf("%s: %v, stays %q, left %q", name, err, stay, left)
			}
			f.Close()
			continue
		}
		if err != nil || !strings.Contains(left, "mute: no answer") || !m.abandoned || f.Lost(2) == nil {
			t.Errorf("%s: %v, left %q", name, err, left)
		}
		for b, g := range got {
			if want := p.engines[0].gain(mask, b); !reflect.DeepEqual(g, want) {
				t.Errorf("block %d: %v, want %v", b, g, want)
			}
		}
		f.Close()
	}
}

// deaf is a mute member that takes no more blocks either, once it has a lease: whoever gives it some waits.
type deaf struct {
	mute
	leased bool
}

func (d *deaf) Lease(l *bounds.Lease) {
	if !d.leased {
		d.leased = true
		d.mute.Lease(l)
	}
}

func (d *deaf) Hold(blocks []int) error {
	if d.leased {
		select {}
	}
	return d.mute.Hold(blocks)
}

// TestStuckMemberIsAskedNothing has a member answer nothing whose blocks the others cannot take at first. One that
// comes has them then, and the blocks of one that is lost go to the others: nobody waits for the member that is stuck.
func TestStuckMemberIsAskedNothing(t *testing.T) {
	for name, c := range map[string]struct {
		others int
		comes  bool
	}{"one comes": {0, true}, "one comes beside two": {2, true}, "one of two is lost": {2, false}} {
		p := newProblem(t, 3, 3)
		p.fleet.Close()
		var list []fleet.Member
		for i, e := range p.engines[:c.others] {
			list = append(list, fleet.NewLocal(fmt.Sprint("m", i), e))
		}
		d := &deaf{mute: mute{absent: absent{name: "deaf", left: -1}}}
		f := fleet.New(append(list, d)...)
		blocks := len(p.rule.Sizes)
		if err := f.Deal(blocks); err != nil {
			t.Fatal(err)
		}
		for _, e := range p.engines {
			e.room = len(e.held)
		}
		f.Stays = func(string, error) {
			for _, e := range p.engines {
				e.room = 0
			}
			if c.comes {
				if err := f.Add(fleet.NewLocal("late", p.engines[2]), 0); err != nil {
					t.Error(err)
				}
				return
			}
			if err := f.Leave(0, errors.New("it is gone")); err != nil {
				t.Error(err)
			}
			d.mute.Lease(nil)
		}
		mask := search.NewMask(p.Table.N)
		got, ended := make([]bounds.Gain, blocks), make(chan error, 1)
		go func() { ended <- f.Run(t.Context(), bounds.Job{Base: mask, Mask: mask, To: blocks}, got) }()
		select {
		case err := <-ended:
			if err != nil || !d.abandoned {
				t.Errorf("%s: %v, left out: %v", name, err, d.abandoned)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: the search waits for the member that is stuck", name)
		}
		for b, g := range got {
			if want := p.engines[2].gain(mask, b); !reflect.DeepEqual(g, want) {
				t.Errorf("%s: block %d: %v, want %v", name, b, g, want)
			}
		}
		f.Close()
	}
}
