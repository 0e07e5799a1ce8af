package machine

import (
	"context"
	"fmt"
	"sync"

	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
	"example.org/demote/backend/metric"
	"example.org/demote/quant"
)

// A Single runs the samples of one shape.
type Single struct {
	opts    Options
	samples int
	source  device.Source
	entries device.Entries // into the network; nil: it is run in source's own segments, one after another
	sources *sync.Mutex    // of members, which ask one source; nil: it is asked by this machine alone
	from    device.Samples
	records []quant.Record
	inputs  []device.Tensor // of the network
	device  device.Device
	can     device.Traits // of the device
	chain   *store.Chain
	ran     float64 // seconds inside the runtime by chains of before
	loading float64 // seconds that the network in one piece has taken to be compiled
	data    *store.Resident
	judge   *metric.Scorer
	shared  bool // the judge is another machine's, of the same network, and has read the outputs
	pool    *pool
	stream  *streamRunner            // in place of the pool, on a device with a queue; nil: it has none
	runners []func(store.Job) report // what each goroutine of the pool does
	store   *store.Store             // nil: every trial is run in full
	equal   [][]int                  // by block: holders of inputs whose grids give the same bits, see same
	stats   Stats
	booked  func(report)     // the method book, made once: a trial allocates nothing
	far     *distance        // nil until Distance is asked
	gained  []metric.Verdict // by sample, without demotions, as Arrange found it; nil before

	head     int    // samples in front of the layout that Apart does not begin with
	fleeting bool   // nothing is stored of what runs: the samples are about to be laid out anew
	bits     []byte // see Bits
	blocked  int    // parts that Plan has put into the blocked layout
	alone    bool   // blocks are run for their outputs: no metric of the whole set is asked
	// sees every block's outputs, from the lanes' goroutines; nil: nobody does
	watch func(samples []int, rows []float32)
	ctx   context.Context // that ends runs between two nodes; Watch puts another in its place for a while
}

// New compiles the network and makes the data resident. The caller must Close the machine. Once the context is
// cancelled, what runs ends at the next node of the network, not only at the next block. Records are by holder; a
// network without holders is run as it is.
func New(ctx context.Context, src device.Source, samples device.Samples, records []quant.Record, o Options) (*Single, error) {
	e, err := open(ctx, src, samples, records, o, nil)
	if err != nil {
		return nil, err
	}
	if err := e.LayOut(nil); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// open is New without data. A judge that has read the network's outputs is that of the machine, too; nil: it makes one.
func open(ctx context.Context, src device.Source, samples device.Samples, records []quant.Record, o Options, judge *metric.Scorer) (_ *Single, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o, err = o.fit(samples.Len()); err != nil {
		return nil, err
	}
	if len(records) != src.Holders() {
		return nil, fmt.Errorf("backend: %d records for %d holders", len(records), src.Holders())
	}
	if err := o.checkBatch(src.Inputs()); err != nil {
		return nil, err
	}
	kind := o.kind()
	e := &Single{ctx: ctx, opts: o, can: kind.Traits, samples: samples.Len(), source: src, inputs: src.Inputs(), records: records, from: samples,
		judge: judge, shared: judge != nil}
	if judge == nil {
		e.judge = metric.NewScorer(o.Metric, o.Truth, samples.Len())
	}
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	e.booked = e.stats.book
	if e.device, err = kind.Open(ctx, o.forDevice(records)); err != nil {
		return nil, err
	}
	if o.Proof != nil && e.can.MayRound {
		if err := o.Proof.Prove(e.device); err != nil {
			return nil, err
		}
	}
	if err := e.compile([]int{0, src.Cuts() - 1}); err != nil {
		return nil, err
	}
	if e.shared {
		return e, nil
	}
	return e, e.judge.Check()
}

// LayOut makes the data resident in the given order, of all samples or of some; nil: in its own. Nothing stored
// survives it.
func (e *Single) LayOut(order []int) error {
	if e.data != nil {
		e.data.Close() // first: there is to be memory for one
	}
	var err error
	e.data, err = store.NewResident(e.device, e.from, e.inputs, e.opts.Block, order)
	if err != nil {
		return err
	}
	e.equal = e.same(nil)
	e.resetStore()
	return nil
}

// compile makes the chain for the given cuts, in place of the one there is.
func (e *Single) compile(cuts []int) error {
	begun := e.startClock()
	if e.entries == nil && !e.can.OwnMemory {
		e.closeChain() // first: there is to be memory for one. Without the new one, there is no evaluator
	}
	chain, err := store.Compile(e.device, e.source, e.entries, cuts, e.inputs, e.opts.Workers, device.KeptOutput{Name: e.opts.Output, Axis: e.opts.Axis})
	if err != nil {
		return err
	}
	if len(chain.Parts) == 1 {
		e.loading = begun.seconds()
	}
	e.closeChain()
	e.chain = chain
	if err := e.chooseOutput(); err != nil {
		return err
	}
	if e.can.Queue {
		e.stream = newStreamRunner(e)
		return nil
	}
	e.runners = make([]func(store.Job) report, len(chain.Lanes()))
	for i, l := range chain.Lanes() {
		e.runners[i] = e.runner(l)
	}
	e.pool = newPool(e.runners, e.Behind())
	return nil
}

// closeChain ends the workers and closes the chain that they run, if there is one.
func (e *Single) closeChain() {
	if e.pool != nil {
		e.pool.Close()
		e.pool = nil
	}
	if e.chain != nil {
		e.ran += e.chain.Seconds()
		e.chain.Close()
		e.chain = nil
	}
}

// chooseOutput finds the outputs that the metric reads.
func (e *Single) chooseOutput() error {
	read, err := outputsOf(e.opts, e.can, e.inputs, e.chain.Parts[len(e.chain.Parts)-1].Outputs)
	if err == nil && !e.shared {
		e.judge.Read(read...)
	}
	return err
}

// Close ends the workers and gives all memory back. It may be called more than once.
func (e *Single) Close() {
	if e.pool != nil {
		e.pool.Close()
		e.pool = nil
	}
	if e.store != nil {
		e.store.Close()
		e.store = nil
	}
	if e.chain != nil {
		e.chain.Close()
	}
	if e.data != nil {
		e.data.Close()
	}
	if e.device != nil {
		e.device.Close()
	}
}
