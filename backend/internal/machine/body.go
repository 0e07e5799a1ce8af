package machine

import (
	"context"
	"slices"

	"example.org/demote/backend/internal/store"
)

var _, _ body = (*Single)(nil), (*Shaped)(nil)

func (e *Single) shapes() int     { return 1 }
func (e *Single) one(int) *Single { return e }

// layAll implements body.
func (e *Single) layAll() error { return e.LayOut(nil) }

// hold implements body.
func (e *Single) hold(cells []cell) error {
	var order []int
	for _, c := range cells {
		order = append(order, c.own...)
	}
	return e.relay(order)
}

// relay is LayOut that leaves blocks as they are which have the same samples in the same slots, with all that is stored
// of them: what a block gives depends on the mask and on these alone.
func (e *Single) relay(order []int) error {
	if e.data == nil {
		return e.LayOut(order)
	}
	at := e.data.Kept(order)
	if slices.Max(at) < 0 {
		return e.LayOut(order)
	}
	if slices.Equal(order, e.data.Order) {
		e.knowMore()
		return nil
	}
	data, err := e.data.Relaid(e.device, e.from, e.inputs, order, at)
	if e.data = data; err != nil {
		return err
	}
	if e.equal = e.same(at); e.store == nil {
		e.resetStore() // there may be something to know now
		return nil
	}
	e.store.Relay(at)
	for b, holders := range e.equal {
		if at[b] < 0 {
			e.store.Same(b, holders)
		}
	}
	e.knowMore()
	return nil
}

// knowMore is know of a store that may have another base.
func (e *Single) knowMore() {
	if e.store != nil && e.store.Base.Count() == 0 {
		e.know()
	}
}

func (s *Shaped) shapes() int           { return len(s.members) }
func (s *Shaped) one(shape int) *Single { return s.members[shape] }

// hold implements body.
func (s *Shaped) hold(cells []cell) error {
	orders, counts := make([][]int, len(s.members)), make([]int, len(s.members))
	s.blocks = nil
	for _, c := range cells {
		orders[c.shape] = append(orders[c.shape], c.own...)
		s.blocks = append(s.blocks, place{c.shape, counts[c.shape]})
		counts[c.shape]++
	}
	for i, m := range s.members {
		if err := m.relay(orders[i]); err != nil {
			return err
		}
	}
	return nil
}

// start implements body.
func (s *Shaped) start(j store.Job) { s.pool.jobs <- j }

// under implements body.
func (s *Shaped) under(ctx context.Context) (back func(), err error) {
	var all []func()
	back = func() {
		for _, own := range all {
			own()
		}
	}
	err = s.eachOf(func(m *Single) error {
		own, err := m.under(ctx)
		if err == nil {
			all = append(all, own)
		}
		return err
	})
	if err != nil {
		back()
		return nil, err
	}
	return back, nil
}
