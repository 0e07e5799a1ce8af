package backend

import (
	"context"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
	"example.org/demote/backend/metric"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// Options say how an Evaluator computes. No choice but Block changes a score.
type Options struct {
	Device       string       // DeviceCPU or empty, or a GPU such as cuda:0
	Kind         *device.Kind // of Device; nil: as its name says
	Metric       *metric.Metric
	metric.Truth                   // what outputs are compared with
	Output       string            // name of the output that the metric reads; empty: the only one
	Places       []int             // where in Reference each sample's row begins, and the length of all last, see Evaluator.Places; nil: all rows have one length
	Axis         int               // of the output on which samples lie; -1: on none, the output is one sample's, and blocks are of one
	Block        int               // samples a block: the batch of the Source; 0: DefaultBlock
	Workers      int               // blocks run at once, no more than there are; 0: a worker a core that the process may use
	Threads      int               // threads of the runtime a worker, at most one a core; 0: 1
	Spin         bool              // the runtime's idle threads spin: faster alone, slower where workers share cores
	Stream       bool              // blocks are read when they are run, and are not kept: for what runs few times, or does not fit
	KeepOrder    bool              // samples stay in the order of the data
	Naive        bool              // answer scans by whole scores, one after another
	Working      int64             // bytes that the samples and the activations of a block on each worker take; 0: not known
	Cache        int64             // bytes for stored activations, and for what compiling the network from each cut on takes; 0: none are stored
	Cuts         []int             // of the source, first and last among them: where the network is cut, whatever it takes; nil: where trials get cheapest
	Patient      bool              // cuts are chosen whatever the clock says; false: no longer than trials can save by them
	Pass         float64           // seconds of a pass of the float network over the samples, if that is known: slow quantizers buy the choice of cuts no time; 0: it is not
	Level        int               // optimization level of the runtime: 0, 1, 2 or 99
	Config       map[string]string // session configuration entries of the runtime
	Proof        *Proof            // has a GPU prove that it computes in full float32; nil: nothing is asked
	lanes        int               // of the evaluator of one shape of several: as many as its whole has workers, however few blocks it has; 0: it has the only shape
	share        float64           // of the samples of all shapes, if so
}

// DefaultBlock is the largest block size where none is asked for: small, so that what a part writes is still in
// the core's own cache where the next one reads it, and bounds are looked at often.
const DefaultBlock = 20

// Stats count what an Evaluator has done.
type Stats struct {
	bounds.Stats
	Blocks   int     // blocks run, from whatever part on; with those that were thrown away
	Samples  float64 // whole-network sample passes: parts by their share of measured time; with those thrown away
	Parts    int     // parts between cuts that were run through, over all blocks
	Moved    int64   // bytes of stored activations read and written
	Restored int     // blocks that started from stored activations
	NoOps    int     // blocks that needed no run: both grids of what has changed give the same bits; not among Blocks
	Runtime  float64 // seconds spent inside ONNX Runtime, over all workers
	Busy     float64 // seconds that the workers had a block at hand
}

// An Evaluator runs masks on resident data. It implements search.Evaluator; its methods are for one
// goroutine at a time.
type Evaluator struct {
	*bounds.Evaluator

	opts    Options
	samples int
	source  device.Source
	entries device.Entries // into the network; nil: it is run in source's own segments, one after another
	from    device.Samples
	records []quant.Record
	inputs  []device.Tensor // of the network
	device  device.Device
	can     device.Traits // of the device
	chain   *store.Chain
	ran     float64 // seconds inside the runtime by chains of before
	loading float64 // seconds that the network in one piece has taken to be compiled
	data    *store.Resident
	judge   *metric.Judge
	pool    *pool
	stream  *streamRunner            // in place of the pool, on a device with a queue; nil: it has none
	runners []func(store.Job) report // what each goroutine of the pool does
	shapes  *shapes                  // of samples of different shapes: what evaluates those of each, in place of all that runs; nil: there is one
	store   *store.Store             // nil: every trial is run in full
	stats   Stats
	booked  func(report) // the method book, made once: a trial allocates nothing
	far     *distance    // nil until Distance is asked
	gained  []float64    // by sample, without demotions, as Arrange found it; nil before

	alone bool                                // blocks are run for their outputs: no metric of the whole set is asked
	watch func(samples []int, rows []float32) // sees every block's outputs, from the lanes' goroutines; nil: nobody does
}

var _ search.Evaluator = (*Evaluator)(nil)

// Scan answers a scan as search.NaiveScan does.
func (e *Evaluator) Scan(ctx context.Context, base search.Mask, candidates []search.Mask, b search.Bound) (search.Found, error) {
	if e.opts.Naive {
		return search.NaiveScan(ctx, e.Score, candidates, b)
	}
	return e.Evaluator.Scan(ctx, base, candidates, b)
}

// Stats returns what has been done so far. It must not be called while a method runs.
func (e *Evaluator) Stats() Stats {
	s := e.stats
	s.Stats = e.Evaluator.Stats()
	if e.shapes != nil {
		e.shapes.count(&s)
		return s
	}
	s.Runtime = e.ran + e.chain.Seconds()
	return s
}

// Samples is the number of samples that a score is out of.
func (e *Evaluator) Samples() int { return e.samples }
