package backend

import (
	"fmt"
	"runtime"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// fit fills in the choices that were left open, for so many samples, and refuses numbers that cannot be meant. There are no
// more workers than blocks: each has buffers, and those beyond have no work. A worker has no more threads than may run at once:
// those of an operator wait for each other, so that a hundred on two cores take minutes for what one does in seconds.
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
	return device.Options{Name: o.Device, Records: records, Block: o.Block, Threads: o.Threads, Spin: o.Spin, Stream: o.Stream, Level: o.Level, Config: o.Config}
}

// checkBatch holds that blocks have the size that the network's inputs have been fixed to: it is what divides their memory
// into samples.
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

// SampleFirst are the dimensions of a block with the axis of the samples in front; -1: they have none, and it is one sample.
func SampleFirst(dims []int64, axis int) []int64 {
	switch {
	case axis < 0:
		return append([]int64{1}, dims...)
	case axis == 0 || axis >= len(dims):
		return dims
	}
	return append([]int64{dims[axis]}, slices.Delete(slices.Clone(dims), axis, axis+1)...)
}
