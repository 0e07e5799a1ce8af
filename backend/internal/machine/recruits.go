package machine

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"example.org/demote/backend/link"
	"example.org/demote/crash"
)

// recruits are the workers that come while a search runs. Each is made ready beside it, as the first ones were in front
// of it: it has the plan, chooses its cuts, tests itself, and is held against the others by what they have made of the
// same samples. It is a member from the next moment between two leases on.
type recruits struct {
	late   link.Late
	ctx    context.Context // of those that are not ready
	stop   context.CancelFunc
	ended  sync.WaitGroup
	coming []*recruit
	news   chan struct{} // has one element where one of them may be ready

	proof  *proof // of the members; nil: there was none yet
	nobody error  // none was left, and nobody came; nil: that was not so
}

// proof is what the members have made of these blocks, the first of each shape, and who was the first of them.
type proof struct {
	first  string
	cells  []cell
	digest []byte
}

// recruit is a worker that is not a member yet.
type recruit struct {
	*elsewhere
	done  atomic.Bool // err is known
	err   error
	cuts  bool // it has chosen its cuts
	equal bool // its bits are those of the proof
}

// lacks says whether a recruit that was made ready must do what the members have done since.
func (f *Members) lacks(c *recruit) bool {
	return f.cut && !c.cuts || f.recruits.proof != nil && !c.equal
}

// newRecruits returns nil where nobody comes.
func newRecruits(ctx context.Context, late link.Late) *recruits {
	if late == nil {
		return nil
	}
	r := &recruits{late: late, news: make(chan struct{}, 1)}
	r.ctx, r.stop = context.WithCancel(ctx)
	return r
}

// prove takes note of what the members have made of the first block of each shape. Before, nobody is let in but where
// no member is left.
func (r *recruits) prove(first string, cells []cell, digest []byte) {
	if r != nil {
		r.proof = &proof{first, cells, digest}
	}
}

// open says whether workers that come are let in: there are some, and the members' proof is known.
func (r *recruits) open() bool { return r != nil && r.proof != nil }

// close ends those that are not members.
func (r *recruits) close() {
	if r == nil {
		return
	}
	r.stop()
	r.ended.Wait()
	for _, c := range r.coming {
		c.Close()
	}
	r.coming = nil
}

// recruit makes members of those that are ready, and looks for further ones. No lease is at hand.
func (f *Members) recruit() {
	if !f.recruits.open() || f.beside || f.watch != nil || f.marking != nil || f.Bare() {
		return
	}
	f.enlist()
	f.summon()
}

// summon has workers that have come be made ready, as many as there are blocks for.
func (f *Members) summon() {
	r := f.recruits
	most := f.blocks() - len(f.members()) - len(r.coming)
	if most < 1 {
		return
	}
	links := r.late.Come(most)
	if len(links) > 0 {
		defer f.tellStandings(true)
	}
	for _, l := range links {
		c := &recruit{elsewhere: newElsewhere(r.ctx, l, f)}
		cells, layout := f.cells, f.layouts
		first, share, cut, proof := f.list[0].(*elsewhere), f.Share(0), f.cut, r.proof
		r.coming = append(r.coming, c)
		r.start(c, func() error {
			if err := c.prepare(first, func() error { return c.holdOf(share, layout, cells) }); err != nil {
				return err
			}
			return c.catchUp(cut, proof)
		})
	}
}

// start has a goroutine make a worker ready.
func (r *recruits) start(c *recruit, ready func() error) {
	c.done.Store(false)
	r.ended.Go(func() {
		defer func() {
			c.done.Store(true)
			select {
			case r.news <- struct{}{}:
			default:
			}
		}()
		defer crash.Catch(&c.err)
		c.err = ready()
	})
}

// prepare has a worker compile the network. hold gives it the blocks that it is likely to have, so that it chooses its
// cuts as the others did, and has their samples when it takes part.
func (c *recruit) prepare(first *elsewhere, hold func() error) error {
	if err := c.ask("hello", nil, &c.hello); err != nil {
		return err
	}
	if err := c.like(first); err != nil {
		return err
	}
	if err := c.of.planned(c.elsewhere); err != nil {
		return err
	}
	return hold()
}

// catchUp has a worker do what the members have done: choose cuts, and prove that its bits are theirs; nil: they have
// not yet.
func (c *recruit) catchUp(cut bool, proof *proof) error {
	if cut && !c.cuts {
		if _, err := c.plan(); err != nil {
			return err
		}
		c.cuts = true
	}
	if proof == nil || c.equal {
		return nil
	}
	args := link.HoldArgs{Own: []int{}}
	for i, one := range proof.cells {
		block, err := c.putBlock(i, one)
		if err != nil {
			return err
		}
		args.Blocks = append(args.Blocks, block)
	}
	if err := c.ask("hold", args, nil); err != nil {
		return err
	}
	dep, err := c.selfTest()
	if err != nil {
		return err
	}
	if dep != nil {
		return dep
	}
	sum, err := c.digest()
	if err == nil && string(sum) != string(proof.digest) {
		err = unlike(proof.first, sum, proof.digest)
	}
	c.equal = err == nil
	return err
}

// enlist makes members of those that are ready, as long as there are blocks for them.
func (f *Members) enlist() {
	r := f.recruits
	for _, c := range slices.Clone(r.coming) {
		if !c.done.Load() {
			continue
		}
		if c.err == nil && f.lacks(c) {
			cut, proof := f.cut, r.proof
			r.start(c, func() error { return c.catchUp(cut, proof) })
			continue
		}
		speed := f.speedOf(c.elsewhere)
		if c.err == nil && len(f.Share(speed)) == 0 {
			continue // it waits: somebody may leave
		}
		at := slices.Index(r.coming, c)
		if r.coming = slices.Delete(r.coming, at, at+1); r.ctx.Err() != nil {
			c.Close()
			return
		}
		err := c.err
		if err == nil {
			_, _ = c.under(f.ctx)
			f.list = append(f.list, c.elsewhere)
			err = f.Add(c.elsewhere, speed)
		}
		if err != nil {
			c.Close()
			f.tellStanding(c.link, link.Standing{Coming: link.LeftOut})
			if f.opts.Told != nil {
				f.opts.Told(c.Name() + " is left out: " + strings.TrimPrefix(err.Error(), c.Name()+": "))
			}
			continue
		}
		f.watching = math.MaxInt // it has not seen what the others have
		if f.opts.Tell != nil {
			s := f.Standings()
			f.opts.Tell(fmt.Sprintf("%s takes part from now on, with %d of %d blocks", c.Name(), s[len(s)-1].Blocks, f.blocks()))
		}
		f.tellStandings(true)
	}
}

// mostUnlike is how many times faster or slower than the others a newcomer is taken for at most: the first trials tell
// more.
const mostUnlike = 4

// speedOf is about how many passes of a sample a second a newcomer runs, by what the plans of all have measured; 0: it
// is not known.
func (f *Members) speedOf(e *elsewhere) float64 {
	all, like, n := 0.0, 0.0, 0
	for i, s := range f.Standings() {
		if m, is := f.list[i].(*elsewhere); is && s.Speed > 0 && m.whole > 0 {
			all, like, n = all+s.Speed, like+s.Speed*m.whole, n+1
		}
	}
	if n == 0 || e.whole <= 0 {
		return 0
	}
	mean := all / float64(n)
	return min(max(like/float64(n)/e.whole, mean/mostUnlike), mean*mostUnlike)
}
