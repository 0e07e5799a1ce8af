package engine

import (
	"context"
	"fmt"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/memory"
	"example.org/demote/internal/segments"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// Options say how a network is evaluated. The zero value is the program's own choice.
type Options struct {
	Output string         // that the metric reads; empty: the only one; blocks.AllOutputs: all
	Beside []string       // further ones that it reads
	Metric *metric.Metric // nil: top1 where the data have labels, else agreement with the float network
	// the float network, for metrics that compare with its outputs; nil: the network's own model is run without
	// holders
	Float    *onnx.Model
	Block    int   // samples a block where the network's batch is free; 0: by the network and the data
	Workers  int   // blocks at once; 0: one a core
	Threads  int   // of the runtime a worker; 0: 1
	AllowNaN bool  // NaN in the outputs of the float network or of the one without demotions is no error
	Cache    int64 // bytes for stored activations; 0: a quarter of the free memory; below 0: none
}

// Open compiles a network, its weights on their grids, with a quantizer of each record at its holder, lays the
// samples out in memory and proves that a score is a function of the mask and the samples alone. It runs on the CPU.
// The evaluator is closed by the caller, before the data; its methods are for one goroutine at a time. Samples of
// several shapes are run in their own. The context is that of all that the evaluator runs, not of Open alone: it must
// last until Close. Data and evaluator must be of the same network. A NaN that an operator hides from the outputs is
// not looked for.
func Open(ctx context.Context, n *onnx.Network, records []quant.Record, data *dataset.Set, o Options) (*backend.Evaluator, error) {
	if err := checkStates(n.Model); err != nil {
		return nil, err
	}
	if len(records) != len(n.Holders) {
		return nil, fmt.Errorf("engine: %d records for %d holders", len(records), len(n.Holders))
	}
	if err := checkData(n.Model, data, "the samples"); err != nil {
		return nil, err
	}
	e := &opening{network: n, records: records, data: data, opts: o, metric: o.Metric}
	var err error
	if e.metric == nil {
		if e.metric, err = metric.Choose("", data.Labels() != nil); err != nil {
			return nil, err
		}
	}
	if e.outputs, err = blocks.ChooseOutputs(n.Model, o.Output, o.Beside); err != nil {
		return nil, err
	}
	if e.batching, err = blocks.FindTogether(ctx, n.Model, data, false, e.outputs...); err != nil {
		return nil, err
	}
	for {
		ev, dependent, err := e.open(ctx)
		if dependent == nil || err != nil {
			return ev, err
		}
		ev.Close()
		if dependent.Repeated || e.batching.Alone != "" || blocks.Fixed(n.Model) > 0 {
			return nil, mistake.Errorf("%s: no score could be relied on: %w", n.Model.Path, dependent)
		}
		e.batching.Alone = dependent.Error()
	}
}

// An opening is an evaluator on its way.
type opening struct {
	network  *onnx.Network
	records  []quant.Record
	data     *dataset.Set
	opts     Options
	metric   *metric.Metric
	outputs  []string
	batching blocks.Batching
}

// open opens the evaluator; dependent says what a score depends on beside mask and samples, nil: on nothing.
func (e *opening) open(ctx context.Context) (ev *backend.Evaluator, dependent *backend.Dependence, err error) {
	parts, err := e.parts(ctx)
	if err != nil {
		return nil, nil, err
	}
	o := backend.Options{Metric: e.metric, Output: e.outputs[0], Beside: e.outputs[1:], Axis: e.batching.Axis, Workers: e.opts.Workers, Threads: e.opts.Threads, Cache: e.opts.Cache,
		Level: blocks.Optimization}
	GiveLabels(&o, e.data)
	if o.Cache == 0 {
		o.Cache = memory.Left() / 4
	}
	if e.metric.NeedsReference {
		if o.Reference, o.Places, err = e.reference(ctx, parts, o); err != nil {
			return nil, nil, err
		}
	}
	ev, err = e.evaluator(ctx, parts, e.records, o, func(p part) (backend.Source, backend.Samples, error) {
		return segments.Switchable(e.network, e.records, segments.Blocks{Data: p.set, Inputs: p.inputs, Size: p.block, Shapes: p.shapes, Output: e.outputs[0], Beside: e.outputs[1:], Bytes: true, Divides: true})
	})
	if err != nil {
		return nil, nil, e.batching.WithCure(err)
	}
	if _, err = ev.Plan(); err == nil {
		dependent, err = ev.SelfTest()
	}
	if err == nil && dependent == nil {
		err = e.arrange(ctx, ev)
	}
	if err != nil {
		ev.Close()
		return nil, nil, err
	}
	return ev, dependent, nil
}

// arrange has the samples that the network gets wrong without demotions come first, and refuses outputs that are NaN.
func (e *opening) arrange(ctx context.Context, ev *backend.Evaluator) error {
	_, nan, err := ev.Arrange(ctx)
	if err != nil || nan < 0 || e.opts.AllowNaN {
		return err
	}
	return e.refuseNaN(ev, nan)
}

// refuseNaN is the error for a sample of whose outputs some are NaN.
func (e *opening) refuseNaN(ev *backend.Evaluator, sample int) error {
	tensor, err := ev.FirstNaN(sample)
	if err != nil {
		return err
	}
	return mistake.Errorf("%s: the network gives NaN for %s, first in tensor %s; mend the network, leave out the sample, or go on with Options.AllowNaN",
		e.network.Model.Path, e.data.Name(sample), tensor)
}

// reference runs the float network, and returns its outputs with the place at which each sample's row begins.
func (e *opening) reference(ctx context.Context, parts []part, o backend.Options) ([]float32, []int, error) {
	float := e.opts.Float
	if float == nil {
		float = e.network.Model
	}
	o.Naive, o.Stream, o.Metric = true, true, metric.OutputsOnly
	ev, err := e.evaluator(ctx, parts, nil, o, func(p part) (backend.Source, backend.Samples, error) {
		src, err := segments.Plain(ctx, float, p.inputs, p.block, e.outputs...)
		return src, p.set, err
	})
	if err != nil {
		return nil, nil, e.batching.WithCure(err)
	}
	defer ev.Close()
	at := ev.Places()
	rows, err := ev.AllOutputs(ctx, search.NewMask(0))
	if err != nil {
		return nil, nil, err
	}
	for sample := range e.data.Len() {
		if !e.opts.AllowNaN && slices.ContainsFunc(rows[at[sample]:at[sample+1]], func(v float32) bool { return v != v }) {
			return nil, nil, e.refuseNaN(ev, sample)
		}
	}
	return rows, at, nil
}
