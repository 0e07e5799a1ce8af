package machine

import (
	"context"
	"errors"
	"fmt"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/link"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// OnCPUs is New on the CPUs of the workers behind Options.Links, for what runs beside a search. Each has a server of
// its own for it. This process compiles the network too, and runs the first block: a worker whose CPU computes other
// bits of it, or cannot run it, is left out, and the blocks of one that is lost go to the others. Those that fit
// nowhere run here. So the bits are those of this machine's CPU, and what is wrong with the network is said here.
// Where no worker takes part, it is a machine of this process alone.
func OnCPUs(ctx context.Context, list []Shape, records []quant.Record, o Options) (_ Machine, threads int, err error) {
	own := o
	own.Links, own.OnCPU = nil, false
	one, err := openBody(ctx, list, records, own, nil)
	if err != nil {
		return nil, 0, err
	}
	if own, err = own.fit(total(list)); err != nil {
		return nil, 0, err
	}
	alone := func() (Machine, int, error) {
		if err := one.layAll(); err != nil {
			one.Close()
			return nil, 0, err
		}
		return one, own.Threads, nil
	}
	f := &Members{opts: own, can: one.one(0).can, ctx: ctx, asked: o.Workers}
	f.opts.OnCPU, f.opts.Config, f.opts.Shelf, f.opts.KeepOrder = true, o.Config, o.Shelf, false
	f.shape(list, f.opts)
	f.take(one)
	if err := f.judgeAll(); err != nil {
		one.Close()
		return nil, 0, err
	}
	networks, err := shippable(list, f.opts)
	if err != nil {
		return alone()
	}
	f.lay(f.cellsOf(nil))
	told := func(name string, why error) {
		if o.Told != nil {
			o.Told(fmt.Sprintf("%s: %v", name, why))
		}
	}
	for _, l := range o.Links[:min(len(o.Links), f.blocks())] {
		if b, is := l.(link.Branching); is {
			if other := b.Another(); other != nil {
				e := newElsewhere(ctx, other, f)
				e.root, e.branch = l, true
				f.list = append(f.list, e)
			}
		}
	}
	if len(f.list) > 0 {
		err = f.eachElsewhere(told, func(e *elsewhere) error { return e.greetCPU(f.can) })
		if err == nil {
			err = f.sendPlans(networks, records, told)
		}
	}
	if len(f.list) == 0 || err != nil {
		f.Close()
		if ctx.Err() != nil {
			one.Close()
			return nil, 0, ctx.Err()
		}
		return alone()
	}
	f.reserve = newHere("this machine", one, f)
	f.list = append(f.list, f.reserve)
	if err := f.dealCPUs(told); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, f.opts.Threads, nil
}

// greetCPU refuses a worker whose CPU is not like this machine's.
func (e *elsewhere) greetCPU(can device.Traits) error {
	if err := e.ask("hello", link.HelloArgs{CPU: true}, &e.hello); err != nil {
		return err
	}
	if e.hello.Can != can {
		return errors.New("its CPU is of another kind than this machine's")
	}
	return nil
}

// dealCPUs makes a fleet of the workers, behind which this machine stands, and leaves out those with other bits.
func (f *Members) dealCPUs(told func(name string, why error)) error {
	f.Fleet = f.fleetOf()
	f.Reserve, f.Told = len(f.list)-1, told
	if err := f.LayOut(nil); err != nil {
		return err
	}
	masks := []search.Mask{search.NewMask(f.reserve.m.one(0).source.Holders())}
	if n := masks[0].Len(); n > 0 {
		all := masks[0].Clone()
		for h := range n {
			all.Demote(h)
		}
		masks = append(masks, all)
	}
	for _, mask := range masks {
		sums, err := askAll(f, func(m part) ([]byte, error) { return m.look(mask) })
		if err != nil {
			return err
		}
		own := sums[f.reserve]
		for i, m := range f.list[:f.Reserve] {
			if sum := sums[m]; f.Lost(i) == nil && string(sum) != string(own) {
				if err := f.Leave(i, unlike("this machine's CPU", sum, own)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// failing says whether what a worker fails at is done by others: this machine says what is wrong, if it fails there
// too.
func (e *elsewhere) failing() bool { return e.of.reserve != nil || e.branch && e.of.opts.OnCPU }

// handOver has a block that has failed run by others, if it is wanted: what has become of a lease that has ended is
// nothing.
func (e *elsewhere) handOver(a bounds.Answer) bool {
	if a.Err == nil || !e.failing() {
		return false
	}
	e.mu.Lock()
	wanted := e.wants(a.Lease, a.Block)
	e.mu.Unlock()
	if wanted {
		_ = e.lose(a.Err)
	}
	return wanted
}
