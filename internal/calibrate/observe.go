package calibrate

import (
	"context"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/sites"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/unroll"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// calibrationBlock is the number of calibration samples in memory at a time, with all activations
// of the network.
const calibrationBlock = 8

// holdersMemory is what the tensors of all holders of a block take at most, in bytes: calibration has them all at
// once, as outputs.
const holdersMemory = 64 << 20

// An observation runs the float network over the calibration samples, and gives every holder's values to its observer,
// one sample at a time.
type observation struct {
	Network   *onnx.Network
	All       blocks.Samples
	views     []*observedView // of all samples: those of each shape
	how       How
	fresh     func() *quant.Observer
	known     map[string]sites.Known // of the network's inputs
	fills     fills                  // by holder
	leads     []int                  // by holder: the first of those that share its grid, itself where there are none
	Observers []*quant.Observer      // by holder, once observe has run; those that share a grid share it
	whole     []wholeValues          // by the first of those that share a grid
	Passes    int                    // over the samples of a view, that have been run

	*observedView                // that is at hand
	isInput       map[string]int // a network's input -> its place
}

// newObservation makes an observation of all holders for some range methods. It leaves out the fill values that follow
// from the graph and the inputs.
func newObservation(n *onnx.Network, data blocks.Samples, c How, methods ...quant.Method) (*observation, error) {
	known, err := knownInputs(n.Model, data)
	if err != nil {
		return nil, err
	}
	put, err := sites.FindFills(n, fillLimit, known)
	if err != nil {
		return nil, err
	}
	return &observation{Network: n, All: data, how: c, known: known, fills: fillsOf(put), fresh: func() *quant.Observer {
		o := quant.NewObserver(methods...)
		o.IgnoreNonFinite = c.AllowNaN
		return o
	}}, nil
}

// wholeValues are a holder's with those that its fill leaves out, in case they may not be.
type wholeValues struct {
	*quant.Observer     // nil: nothing has been left out yet
	bad             int // the first sample with values that are not finite; -1: none
}

// Observe makes as many passes as the observers need, and one more of the holders concerned where the first shows
// that other values are masks than the graph and the first block tell.
func (o *observation) Observe(ctx context.Context) error {
	if err := o.open(ctx); err != nil {
		return err
	}
	o.Observers, o.whole = make([]*quant.Observer, len(o.Network.Holders)), make([]wholeValues, len(o.Network.Holders))
	var all []int
	for i := range o.Observers {
		all, o.leads = append(all, i), append(o.leads, i)
	}
	for _, list := range unroll.Together(o.Network) { // one grid for all of them, of all that they hold
		for _, h := range list {
			o.leads[h] = list[0]
		}
	}
	for list := all; len(list) > 0; {
		list = o.sharing(list)
		o.renew(list)
		err := o.passAll(ctx, 0, list)
		if err == nil {
			o.fills, list, err = o.fills.again(o.Network, o.known)
		}
		if err != nil {
			return err
		}
	}
	if err := o.takeWhole(o.fills.unclear()); err != nil {
		return err
	}
	for pass := 1; len(all) > 0 && pass < o.Observers[0].Passes(); pass++ {
		if err := o.passAll(ctx, pass, all); err != nil {
			return err
		}
	}
	return nil
}

// renew gives holders observers that have seen nothing.
func (o *observation) renew(holders []int) {
	for _, i := range holders {
		o.Observers[i], o.whole[i] = o.fresh(), wholeValues{bad: -1}
	}
	for i, lead := range o.leads {
		o.Observers[i] = o.Observers[lead]
	}
}

// sharing are holders and those that share a grid with one of them.
func (o *observation) sharing(holders []int) (list []int) {
	for i, lead := range o.leads {
		if slices.ContainsFunc(holders, func(h int) bool { return o.leads[h] == lead }) {
			list = append(list, i)
		}
	}
	return list
}

// takeWhole goes over to all values of holders whose fills may not be left out.
func (o *observation) takeWhole(holders []int) error {
	first := -1
	for _, i := range o.sharing(holders) {
		w := o.whole[o.leads[i]]
		if o.Observers[i] = w.Observer; w.bad >= 0 && (first < 0 || w.bad < o.whole[o.leads[first]].bad) {
			first = i
		}
	}
	if first < 0 || o.how.AllowNaN {
		return nil
	}
	return o.refuseNaN(o.whole[o.leads[first]].bad, first)
}

func (o *observation) refuseNaN(sample, holder int) error {
	return mistake.Errorf("%s: the float network gives NaN or infinity for calibration sample %d of %s, first in tensor %s; mend the network, leave out the sample, or go on with --allow-nan",
		o.how.Network, sample, o.how.Samples, o.Network.Holders[holder].Tensor)
}

// preview learns from the first block which holders are masks, so that the pass need not be made again; it is held
// against all samples at the end of it.
func (o *observation) preview(holders []int, b observedBlock) error {
	err := o.show(0, holders, b)
	if err == nil {
		if o.fills, _, err = o.fills.again(o.Network, o.known); err == nil {
			o.fills = o.fills.anew()
			o.renew(holders)
		}
	}
	return err
}

// passAll shows the values of some holders once, of the samples of one shape after the other.
func (o *observation) passAll(ctx context.Context, pass int, holders []int) error {
	work := o.how.Stages.Begin(stage.Calibrate, "samples", o.Observers[0].Passes()*o.All.Len(), 0)
	defer work.End()
	done := pass * o.All.Len()
	for _, v := range o.views {
		o.observedView = v
		if err := o.pass(ctx, pass, holders, func(samples int) { work.At(done + samples) }); err != nil {
			return err
		}
		done += v.data.Len()
	}
	return nil
}

// pass is passAll for the view at hand; done gets the number of its samples that are done. The first pass of all runs
// the first block twice, and compares.
func (o *observation) pass(ctx context.Context, pass int, holders []int, done func(samples int)) error {
	segment, err := o.segment()
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, t := range segment.Outputs {
		at[t.Name] = i
	}
	var fed backend.Samples = o.data
	before := 0 // samples of the repeated block
	if o.Passes == 0 {
		fed, before = blocks.Twice{Samples: o.data, Block: o.Block}, o.Block
	}
	o.Passes++
	again := &blocks.Repeats{}
	return direct.PassSteps(ctx, segment, fed, blocks.Optimization, func(first, count, step int, outputs [][]float32) error {
		b := observedBlock{first - before, count, step, func(tensor string) []float32 { return outputs[at[tensor]] }}
		switch {
		case before == 0:
		case first == 0 && step > 0:
			return nil
		case first == 0:
			again.Sum(outputs)
			b.first, b.count = 0, min(count, o.data.Len())
			return o.preview(holders, b)
		case first == before && step == 0: // where chance shows
			if i := again.Differs(outputs); i >= 0 {
				return refuseChance(ctx, o.fixed, o.data, o.Block, segment.Outputs[i].Name, o.how)
			}
		}
		err := o.show(pass, holders, b)
		if step+1 == backend.StepsOf(o.Inputs) {
			done(b.first + count)
		}
		return err
	})
}

// refuseChance is the error for a network whose tensor had other bits when the first block ran again. It runs the
// block with all tensors as outputs to find the first node that shows it, which is not always one of those that are
// quantized.
func refuseChance(ctx context.Context, m *onnx.Model, data blocks.Samples, block int, tensor string, c How) error {
	first := tensor
	if src, err := segments.New(m, 0, []string{tensor}); err == nil {
		if found := segments.FirstChance(ctx, src, data, block); found != "" {
			first = found
		}
	}
	node := m.Maker(first)
	return mistake.Errorf("%s: the network gives other values when it runs again on the same samples of %s, first in tensor %s, made by %s: no score could be repeated; export the network for inference, without what draws lots",
		c.Network, c.Samples, first, node)
}
