package machine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/fleet"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/quant"
)

// Members are devices to which the blocks of the samples are dealt: each has its own network, blocks and stored
// activations, in a machine of its own, in this process or elsewhere. What one of them makes of a block comes back as
// an answer of a fleet.
type Members struct {
	*fleet.Fleet
	opts    Options
	samples int
	shapes  []*shaping
	places  places
	judged  *metric.Parts // of samples of several shapes; nil: they have one
	cells   []cell        // the layout
	order   []int         // of all samples: position to sample
	list    []part
	can     device.Traits // of the devices
	rule    *bounds.Rule
	sources sync.Mutex
	head    int
	watch   func(sample int, row []float32) // sees every output row; nil: nobody does
	marking *marking                        // in place of watch: who sees marks; nil: nobody does
	sized   bool                            // tellSize has looked
	leases  int                             // of searches so far
	asked   int                             // workers of each member elsewhere; 0: as many as are fastest there
	layouts int                             // so far
	// members that were there when WatchNaN was turned on last
	watching int
	// of members elsewhere: workers judge what they run
	judgesThere bool
	stood       time.Time // when links were told last how their workers stand
	ctx         context.Context
	cut         bool // Plan was asked
	beside      bool // what runs is not of a search, but beside it: newcomers wait
	planned     func(e *elsewhere) error
	recruits    *recruits      // nil: nobody comes while a search runs
	reserve     *here          // of CPUs elsewhere: this machine's, which runs what no other one does; nil of others
	differ      error          // of members whose bits were not the same in a search
	data        *link.DataFile // that they read the samples from; nil: they get them
	rows        []byte         // of it
}

var _ bounds.Fleet = (*Members)(nil)

// NewMembers is New on the devices of Options.Members, or NewShaped where the samples have several shapes.
func NewMembers(ctx context.Context, list []Shape, records []quant.Record, o Options) (_ *Members, err error) {
	own, err := o.ofMember(total(list))
	if err != nil {
		return nil, err
	}
	f := &Members{opts: own, can: own.kind().Traits}
	f.shape(list, own)
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	for i, name := range o.Members {
		own.Device = name
		var judges []*metric.Scorer
		if i > 0 {
			judges = f.judges()
		}
		one, err := openBody(ctx, list, records, own, judges)
		if err != nil {
			return nil, err
		}
		// which has read the outputs: the others look at it while one compiles its network anew
		f.take(one)
		for shape := range one.shapes() {
			one.one(shape).sources = &f.sources
		}
		f.list = append(f.list, newHere(nameOf(o.Members, i), one, f))
	}
	if err := f.judgeAll(); err != nil {
		return nil, err
	}
	return f, f.assemble(o.Told)
}

// openBody is what runs the samples of these shapes, without data.
func openBody(ctx context.Context, list []Shape, records []quant.Record, o Options, judges []*metric.Scorer) (body, error) {
	if several(list) {
		s, err := openShaped(ctx, list, records, o, judges)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	var judge *metric.Scorer
	if judges != nil {
		judge = judges[0]
	}
	e, err := open(ctx, list[0].Source, list[0].Samples, records, o, judge)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// take has the judges of a machine, which have read the outputs, be those of all members.
func (f *Members) take(b body) {
	for shape, s := range f.shapes {
		one := b.one(shape)
		s.judge, one.shared = one.judge, true
	}
}

// assemble makes a fleet of the members and deals them their blocks.
func (f *Members) assemble(told func(text string)) error {
	f.Fleet = f.fleetOf()
	f.Told = func(name string, why error) {
		if told != nil {
			told(fmt.Sprintf("%s is left out, and the others have its blocks: %v", name, why))
		}
		f.tellStandings(true)
	}
	f.Grow = func() {
		if f.recruits.open() {
			f.enlist()
			f.summon()
		}
	}
	f.Stays = func(name string, why error) {
		if f.opts.Tell != nil {
			f.opts.Tell(fmt.Sprintf("%s: %v; the search waits for it, since the others cannot take its blocks: end that worker, or start more", name, why))
		}
	}
	f.Refill = func(ctx context.Context, why error) error { return f.refill(ctx, why) }
	return f.LayOut(nil)
}

// ofMember are the options of one of several members: an equal share of what they have in common.
func (o Options) ofMember(samples int) (Options, error) {
	n := len(o.Members)
	own := o
	own.Members, own.Device = nil, o.Members[0]
	own, err := own.fit(samples)
	if err != nil {
		return o, err
	}
	if !own.kind().OwnMemory {
		own.Workers, own.Cache, own.Working = max(1, own.Workers/n), own.Cache/int64(n), own.Working/int64(n)
	}
	return own, nil
}

// nameOf is what a member is called: its device, and its number where several have it.
func nameOf(devices []string, at int) string {
	name := devices[at]
	if slices.Index(devices, name) == at && !slices.Contains(devices[at+1:], name) {
		return name
	}
	return fmt.Sprintf("%s, member %d", name, at+1)
}

// members are those that are not lost, in their order.
func (f *Members) members() (list []part) {
	for i, m := range f.list {
		if f.Lost(i) == nil {
			list = append(list, m)
		}
	}
	return list
}

// first is the first member that is not lost, or the first of all.
func (f *Members) first() part {
	for i, m := range f.list {
		if f.Lost(i) == nil {
			return m
		}
	}
	return f.list[0]
}

// number is that of a member.
func (f *Members) number(m part) int { return slices.Index(f.list, m) }

// fleetOf is a fleet of the parts.
func (f *Members) fleetOf() *fleet.Fleet {
	members := make([]fleet.Member, len(f.list))
	for i, m := range f.list {
		members[i] = m
	}
	all := fleet.New(members...)
	if len(f.shapes) > 1 {
		all.Costs = f.costs
	}
	return all
}

// LayOut implements Machine: the blocks are dealt anew.
func (f *Members) LayOut(order []int) error {
	f.lay(f.cellsOf(order))
	f.layouts++
	err := f.Deal(f.blocks())
	if f.Bare() {
		err = f.Fill(f.ctx)
	}
	f.tellStandings(true)
	return err
}

// Close implements Machine.
func (f *Members) Close() {
	f.recruits.close()
	if f.Fleet != nil {
		f.Fleet.Close()
	} else {
		for _, m := range f.list {
			m.Close()
		}
	}
	for _, m := range f.list {
		m.end()
	}
}
