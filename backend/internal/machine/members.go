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
	"example.org/demote/search"
)

// Members are devices to which the blocks of the samples are dealt: each has its own network, blocks and stored
// activations, in a machine of its own, in this process or elsewhere. What one of them makes of a block comes back as
// an answer of a fleet.
type Members struct {
	*fleet.Fleet
	opts    Options
	samples int
	order   []int // of all samples: position to sample
	list    []part
	judge   *metric.Scorer
	can     device.Traits // of the devices
	rule    *bounds.Rule
	sources sync.Mutex
	far     *distance // nil until Apart is asked
	head    int
	watch   func(sample int, row []float32) // sees every output row; nil: nobody does
	marking *marking                        // in place of watch: who sees marks; nil: nobody does
	sized   bool                            // tellSize has looked
	leases  int                             // of searches so far
	layouts int                             // so far
	// members that were there when WatchNaN was turned on last
	watching int
	// of members elsewhere: the samples, the network's inputs, and that workers judge what they run
	from        device.Samples
	inputs      []device.Tensor
	judgesThere bool
	truthOf     *link.Sizes // of what a block's outputs are compared with; nil: that of all samples is in the plan
	stood       time.Time   // when links were told last how their workers stand
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

// NewMembers is New on the devices of Options.Members.
func NewMembers(ctx context.Context, src device.Source, samples device.Samples, records []quant.Record, o Options) (_ *Members, err error) {
	own, err := o.ofMember(samples.Len())
	if err != nil {
		return nil, err
	}
	f := &Members{opts: own, samples: samples.Len(), can: own.kind().Traits}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	for i, name := range o.Members {
		own.Device = name
		one, err := open(ctx, src, samples, records, own, f.judge)
		if err != nil {
			return nil, err
		}
		// which has read the outputs: the others look at it while one compiles its network anew
		f.judge, one.shared, one.sources = one.judge, true, &f.sources
		f.list = append(f.list, newHere(nameOf(o.Members, i), one, f))
	}
	return f, f.assemble(o.Told)
}

// assemble makes a fleet of the members and deals them their blocks.
func (f *Members) assemble(told func(text string)) error {
	f.Fleet = fleetOf(f.list)
	f.Told = func(name string, why error) {
		if told != nil {
			told(fmt.Sprintf("%s is left out, and the others have its blocks: %v", name, why))
		}
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

// fleetOf is a fleet of parts.
func fleetOf(list []part) *fleet.Fleet {
	members := make([]fleet.Member, len(list))
	for i, m := range list {
		members[i] = m
	}
	return fleet.New(members...)
}

// blocksOf are the blocks of a member.
func (f *Members) blocksOf(member int) (own []int) {
	for b := range f.blocks() {
		if f.Owner(b) == member {
			own = append(own, b)
		}
	}
	return own
}

// blocks is the number of blocks of the layout.
func (f *Members) blocks() int { return (f.samples + f.opts.Block - 1) / f.opts.Block }

// samplesOf are the samples of a block, in the order of its slots.
func (f *Members) samplesOf(block int) []int {
	return blockOf(f.order, block, f.opts.Block)
}

// blockOf are the samples of a block of so many, of a layout.
func blockOf(order []int, block, size int) []int {
	return order[block*size : min((block+1)*size, len(order))]
}

// Rule implements Machine.
func (f *Members) Rule() (rule *bounds.Rule, err error) {
	var sizes []int
	for b := range f.blocks() {
		sizes = append(sizes, len(f.samplesOf(b)))
	}
	f.rule, err = metric.RuleOf([]*metric.Scorer{f.judge}, sizes, looks(f.can, f.judge.Served()))
	return f.rule, err
}

// loss implements layout.
func (f *Members) loss(block int, g bounds.Gain) int {
	if f.rule == nil || f.rule.Kind != bounds.Counted {
		return 0
	}
	return f.rule.Sizes[block] - g.Count
}

// LayOut implements Machine: the blocks are dealt anew.
func (f *Members) LayOut(order []int) error {
	if order == nil {
		for sample := range f.samples {
			order = append(order, sample)
		}
	}
	f.order = slices.Clone(order)
	f.layouts++
	err := f.Deal(f.blocks())
	if f.Bare() {
		err = f.Fill(f.ctx)
	}
	f.tellStandings(true)
	return err
}

// Run implements bounds.Machine.
func (f *Members) Run(ctx context.Context, job bounds.Job, gains []bounds.Gain) error {
	if f.differ != nil {
		return f.differ
	}
	f.recruit()
	if f.reserve != nil && job.To-job.From == f.blocks() {
		if err := f.lookAgain(ctx, job.Mask); err != nil {
			return err
		}
	}
	if f.marking != nil {
		return f.runMarked(ctx, job, gains)
	}
	l := bounds.Lease{Base: job.Base, Mask: job.Mask, From: job.From, Rows: f.watch != nil}
	var tally metric.Accumulator
	if f.opts.Metric.IsWhole() && job.To-job.From == f.blocks() {
		tally, l.Rows = f.judge.NewAccumulator(), true
	}
	err := f.Each(ctx, l, job.To, func(a bounds.Answer) error {
		gains[a.Block-job.From] = a.Gain
		samples := f.samplesOf(a.Block)
		if f.watch != nil {
			for slot, sample := range samples {
				f.watch(sample, f.judge.RowOf(a.Rows, slot))
			}
		}
		if tally != nil {
			tally.Add(samples, a.Rows)
		}
		return nil
	})
	if err == nil && job.To-job.From == f.blocks() {
		f.tellSize()
	}
	if err != nil || tally == nil {
		return err
	}
	v, err := tally.Score(ctx)
	if err != nil {
		return err
	}
	clear(gains)
	gains[len(gains)-1].Sum = f.opts.Metric.Signed(v)
	return nil
}

// Apart implements Machine.
func (f *Members) Apart(ctx context.Context, mask search.Mask) (sum float64, count int, err error) {
	l := laid{samples: f.samples, size: f.opts.Block, row: f.judge.Length(), rows: f.rowsOfBlocks}
	return l.apart(ctx, mask, &f.far, f.head, f.opts.Look)
}

// rowsOfBlocks are the outputs of some blocks of a mask, by block, without the padding.
func (f *Members) rowsOfBlocks(ctx context.Context, mask search.Mask, blocks []int) (map[int][]float32, error) {
	rows := make(map[int][]float32, len(blocks))
	l := bounds.Lease{Base: mask, Mask: mask, Only: blocks, Rows: true, Unjudged: true}
	return rows, f.Each(ctx, l, f.blocks(), func(a bounds.Answer) error {
		rows[a.Block] = a.Rows
		return nil
	})
}

// Watch implements Machine.
func (f *Members) Watch(ctx context.Context, see func(sample int, row []float32)) (unwatch func(), err error) {
	unwatch, err = f.underAll(ctx)
	f.watch = see
	return unwatch, err
}

// underAll has another context end what runs from now on, until back is called: nobody watches then.
func (f *Members) underAll(ctx context.Context) (back func(), err error) {
	var backs []func()
	back = func() {
		f.watch, f.marking = nil, nil
		for _, back := range backs {
			back()
		}
	}
	for _, m := range f.members() {
		one, err := m.under(ctx)
		if err != nil {
			back()
			return nil, err
		}
		backs = append(backs, one)
	}
	return back, nil
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
