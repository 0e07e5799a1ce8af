package cpu

import (
	"fmt"
	"slices"
	"sync"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/search"
)

// maxChoices bounds the sessions that a lane keeps of one part, and maxWhole those of a network in one
// piece, each of which has all its weights and serves a single mask.
const maxChoices, maxWhole = 16, 2

// variants are the sessions of a part with constants that follow the mask: one for each choice of
// their values that some lane holds. A constant that the runtime knows when it compiles makes faster
// kernels than one that it is handed, so the choice is between sessions, not inside one.
type variants struct {
	segment *device.Segment
	holders []int // whose bits choose
	options cgo.Options

	lock sync.Mutex
	open []*variant
}

// variant is a session with the constants that a mask chooses.
type variant struct {
	mask    search.Mask // only the bits of the part's holders count
	session *cgo.Session
	users   int // the session is closed behind the last of them
}

// newVariants begins with the part's own session, which the part itself closes.
func newVariants(p *Part, o cgo.Options, holders int) *variants {
	v := &variants{segment: p.Segment, options: o, open: []*variant{{mask: search.NewMask(holders), session: p.Session, users: 1}}}
	for _, f := range p.Followed {
		v.holders = append(v.holders, f.Holder)
	}
	slices.Sort(v.holders)
	v.holders = slices.Compact(v.holders)
	return v
}

// agree says whether two masks choose the same constants.
func (v *variants) agree(a, b search.Mask) bool {
	for _, h := range v.holders {
		if a.Low(h) != b.Low(h) {
			return false
		}
	}
	return true
}

// take returns the session for a mask; give gives it back.
func (v *variants) take(m search.Mask) (*variant, error) {
	v.lock.Lock()
	defer v.lock.Unlock()
	for _, x := range v.open {
		if v.agree(x.mask, m) {
			x.users++
			return x, nil
		}
	}
	model, err := v.segment.Choose(m.Low)
	if err != nil {
		return nil, err
	}
	session, err := model.Session(v.options)
	if err != nil {
		return nil, fmt.Errorf("cannot compile a part with the weights of a mix: %w", err)
	}
	x := &variant{mask: m.Clone(), session: session, users: 1}
	v.open = append(v.open, x)
	return x, nil
}

func (v *variants) give(x *variant) {
	v.lock.Lock()
	defer v.lock.Unlock()
	if x.users--; x.users == 0 {
		x.session.Close()
		v.open = slices.DeleteFunc(v.open, func(o *variant) bool { return o == x })
	}
}

// choices are the sessions of one part that a lane holds, the last one used last.
type choices struct {
	from *variants
	list []choice
}

type choice struct {
	*variant
	bound *binding
}

// choose has a part run with the constants that a mask chooses.
func (w *Lane) choose(part int, m search.Mask) error {
	p := w.parts[part]
	if p.variants == nil {
		return nil
	}
	c := &w.chosen[part]
	c.from = p.variants
	at := slices.IndexFunc(c.list, func(x choice) bool { return p.variants.agree(x.mask, m) })
	if at < 0 {
		x, err := p.variants.take(m)
		if err != nil {
			return err
		}
		b, err := w.bind(&Part{Segment: p.Segment, Session: x.session, index: part}, w.inputs)
		if err != nil {
			p.variants.give(x)
			return err
		}
		limit := maxChoices
		if len(w.parts) == 1 {
			limit = maxWhole
		}
		if len(c.list) >= limit {
			c.drop(0)
		}
		at = len(c.list)
		c.list = append(c.list, choice{x, b})
	}
	x := c.list[at]
	copy(c.list[at:], c.list[at+1:])
	c.list[len(c.list)-1] = x
	w.binds[part] = x.bound
	return nil
}

func (c *choices) drop(at int) {
	c.list[at].bound.Close()
	c.from.give(c.list[at].variant)
	c.list = slices.Delete(c.list, at, at+1)
}

// Close gives all sessions back. It may be called more than once.
func (c *choices) Close() {
	for len(c.list) > 0 {
		c.drop(0)
	}
}
