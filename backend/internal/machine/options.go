package machine

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// Options say how an Evaluator computes. No choice but Block changes a score.
type Options struct {
	Device string       // DeviceCPU or empty, or a GPU such as cuda:0
	Kind   *device.Kind // of Device; nil: as its name says
	// devices that the samples are dealt to, a member each, in place of Device; fewer than two: there are no members
	Members []string
	// to workers elsewhere that the samples are dealt to, in place of Device and Members. They stay the caller's, and
	// are one evaluator's at a time
	Links []link.Link
	// further workers that come while a search runs on Links; nil: nobody does
	Late link.Late
	// what runs on the workers behind Links runs on their CPUs, by servers of their own beside those of a search, and
	// on this machine's, see OnCPUs
	OnCPU bool
	Shelf *link.Shelf       // of the samples that were put for Links; nil: nothing is remembered
	Told  func(text string) // of members that are left out or lost; nil: nobody is told
	// is told, once, of more members than trials keep busy, and of workers that have not Data; nil: nobody is
	Tell func(text string)
	// how long at least a worker elsewhere is there and answers no block before it is left out; 0: a minute
	Stuck time.Duration
	Agree int            // leases of a search after which members are held against each other; 0: its own choice
	Data  *link.DataFile // that workers elsewhere have too: its path, size and sha256; nil: they get the samples
	// is told what each such look has found, before anything is made of it. Its error ends the search; nil: nobody is
	Compared     func(same bool) error
	Metric       *metric.Metric
	metric.Truth          // what outputs are compared with
	Output       string   // name of the output that the metric reads; empty: the only one
	Beside       []string // names of further ones that it reads
	// where in Reference each sample's row begins, and the length of all last, see Evaluator.Places; nil: all rows
	// have one length
	Places []int
	// of the output on which samples lie; -1: on none, the output is one sample's, and blocks are of one
	Axis  int
	Block int // samples a block: the batch of the Source; 0: DefaultBlock
	// blocks run at once, no more than there are and than MostWorkers; 0: a worker a core that the process may use
	Workers     int
	MostWorkers int  // 0: any number
	Threads     int  // threads of the runtime a worker, at most one a core; 0: 1
	Spin        bool // the runtime's idle threads spin: faster alone, slower where workers share cores
	// blocks are read when they are run, and are not kept: for what runs few times, or does not fit
	Stream    bool
	KeepOrder bool // samples stay in the order of the data
	Naive     bool // answer scans by whole scores, one after another
	Look      int  // samples that Apart looks at, at most; 0: its own choice, which follows the holders
	// bytes that the samples and the activations of a block on each worker take; 0: not known
	Working int64
	// bytes that the activations of a block take; 0: not known
	Activations int64
	// bytes for stored activations, and for what compiling the network from each cut on takes; 0: none are stored
	Cache int64
	// of the source, first and last among them: where the network is cut, whatever it takes; nil: where trials get
	// cheapest
	Cuts []int
	// cuts are chosen whatever the clock says; false: no longer than trials can save by them
	Patient bool
	// when the choice of cuts is to be at its end, where that is later than planSeconds; zero: whenever trials save
	// by it
	By     time.Time
	Level  int               // optimization level of the runtime: 0, 1, 2 or 99
	Config map[string]string // session configuration entries of the runtime
	Step   func()            // is called, from any goroutine, whenever the device has done something; nil: nobody is
	Proof  *device.Proof     // has a GPU prove that it computes in full float32; nil: nothing is asked
	// of the evaluator of one shape of several: as many as its whole has workers, however few blocks it has; 0: it
	// has the only shape
	lanes int
	share float64 // of the samples of all shapes, if so
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

// fit fills in the choices that were left open, for so many samples, and refuses numbers that cannot be meant. There
// are no more workers than blocks: each has buffers, and those beyond have no work. A worker has no more threads than
// may run at once: those of an operator wait for each other, so that a hundred on two cores take minutes for what one
// does in seconds.
func (o Options) fit(samples int) (Options, error) {
	for _, f := range []struct {
		flag  string
		value int
	}{{"--block", o.Block}, {"--workers", o.Workers}, {"--threads", o.Threads}} {
		if f.value < 0 {
			return o, mistake.Errorf("%s %d: give a number that is not negative", f.flag, f.value)
		}
	}
	if o.Block == 0 {
		o.Block = DefaultBlock
	}
	o.Threads = max(1, min(o.Threads, runtime.GOMAXPROCS(0)))
	if o.kind().Queue {
		o.Workers = 1
	}
	if o.Workers == 0 {
		o.Workers = max(1, runtime.GOMAXPROCS(0)/o.Threads)
	}
	if o.MostWorkers > 0 {
		o.Workers = min(o.Workers, o.MostWorkers)
	}
	blocks := (samples + o.Block - 1) / o.Block
	o.Workers = min(o.Workers, max(1, blocks))
	if o.lanes > 0 {
		o.Workers = o.lanes
	}
	return o, nil
}

// kind is the kind of device that computes.
func (o Options) kind() device.Kind {
	if o.Kind != nil {
		return *o.Kind
	}
	return KindOf(o.Device)
}

// forDevice are the options that concern a device.
func (o Options) forDevice(records []quant.Record) device.Options {
	return device.Options{Name: o.Device, Records: records, Block: o.Block, Threads: o.Threads, Spin: o.Spin, Stream: o.Stream, Level: o.Level, Config: o.Config, Step: o.Step}
}

// checkBatch holds that blocks have the size that the network's inputs have been fixed to: it is what divides their
// memory into samples.
func (o Options) checkBatch(inputs []device.Tensor) error {
	for _, in := range inputs {
		if !in.Alone && len(in.Dims) == 0 || in.Batch() != o.Block {
			return fmt.Errorf("backend: blocks of %d samples, but input %s of the source is %v: give Options.Block its batch", o.Block, in.Name, in.Dims)
		}
	}
	return nil
}

// sampleFirst are the dimensions of an output with the axis of the samples in front.
func (o Options) sampleFirst(t device.Tensor) ([]int64, error) {
	if o.Axis < 0 && o.Block != 1 || o.Axis > 0 && (o.Axis >= len(t.Dims) || t.Dims[o.Axis] != int64(o.Block)) {
		return nil, fmt.Errorf("backend: output %s %v has no blocks of %d samples on axis %d", t.Name, t.Dims, o.Block, o.Axis)
	}
	return SampleFirst(t.Dims, o.Axis), nil
}

// SampleFirst are the dimensions of a block with the axis of the samples in front; -1: they have none, and it is one
// sample.
func SampleFirst(dims []int64, axis int) []int64 {
	switch {
	case axis < 0:
		return append([]int64{1}, dims...)
	case axis == 0 || axis >= len(dims):
		return dims
	}
	return append([]int64{dims[axis]}, slices.Delete(slices.Clone(dims), axis, axis+1)...)
}
