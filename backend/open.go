package backend

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"demote/backend/bounds"
	"demote/quant"
)

// New compiles the network and makes the data resident. The caller must Close the evaluator.
// Records are by holder; a network without holders is run as it is.
func New(ctx context.Context, src Source, samples Samples, records []quant.Record, o Options) (_ *Evaluator, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	if len(records) != src.Holders() {
		return nil, fmt.Errorf("backend: %d records for %d holders", len(records), src.Holders())
	}
	e := &Evaluator{opts: o, samples: samples.Len(), source: src, records: records, from: samples,
		judge: judge{metric: o.Metric, labels: o.Labels, reference: o.Reference}}
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	e.booked = e.book
	if e.device, err = openDevice(o, records); err != nil {
		return nil, err
	}
	if o.Proof != nil && !o.onCPU() {
		if err := prove(e.device, o.Proof); err != nil {
			return nil, err
		}
	}
	if err := e.compile([]int{0, src.Cuts() - 1}); err != nil {
		return nil, err
	}
	if err := e.checkMetric(); err != nil {
		return nil, err
	}
	if err := e.layOut(nil); err != nil {
		return nil, err
	}
	e.Evaluator = bounds.NewEvaluator(e, o.Metric.rule(e.data.sizes(), energy(o.Reference), o.looks()))
	return e, nil
}

// layOut makes the data resident in the given order; nil: its own. Nothing stored survives it.
func (e *Evaluator) layOut(order []int) error {
	if e.data != nil {
		e.data.Close() // first: there is to be memory for one
	}
	var err error
	e.data, err = newResident(e.device, e.from, e.inputs, e.opts.Block, order)
	if err != nil {
		return err
	}
	e.resetStore()
	return nil
}

// compile makes the chain for the given cuts, in place of the one there is.
func (e *Evaluator) compile(cuts []int) error {
	first, err := e.source.Stretch(cuts[0], cuts[1])
	if err != nil {
		return err
	}
	e.inputs = first.Inputs
	chain, err := compile(e.device, e.source, cuts, e.inputs, e.opts.Workers)
	if err != nil {
		return err
	}
	if e.pool != nil {
		e.pool.Close()
	}
	if e.chain != nil {
		e.ran += e.chain.seconds()
		e.chain.Close()
	}
	e.chain = chain
	if err := e.chooseOutput(); err != nil {
		return err
	}
	if !e.opts.onCPU() {
		e.turns = newTurns(e)
		return nil
	}
	runners := make([]func(job) report, len(chain.lanes()))
	for i, l := range chain.lanes() {
		runners[i] = e.runner(l)
	}
	e.pool = newPool(runners)
	return nil
}

// chooseOutput finds the output that the metric reads.
func (e *Evaluator) chooseOutput() error {
	outputs := e.chain.parts[len(e.chain.parts)-1].Outputs
	var names []string
	for _, t := range outputs {
		names = append(names, t.Name)
		if t.Name == e.opts.Output || e.opts.Output == "" && len(outputs) == 1 {
			if t.Type.String() != "float32" {
				return badf("output %s is %s; the metric needs float32", t.Name, t.Type)
			}
			e.judge.output, e.judge.row = t.Name, t.elems()/e.opts.Block
			e.dims = t.Dims
		}
	}
	if e.judge.output != "" {
		return nil
	}
	if e.opts.Output == "" {
		return badf("the network has %d outputs; choose one with --output: %s", len(names), strings.Join(names, ", "))
	}
	return badf("the network has no output %q; it has %s", e.opts.Output, strings.Join(names, ", "))
}

// checkMetric holds labels, references and the output's shape against what the metric needs.
func (e *Evaluator) checkMetric() error {
	m, j := e.opts.Metric, e.judge
	if m.NeedsLabels && j.labels == nil {
		return badf("metric %s needs labels and the data has none: add y, or use --metric agreement", m.Name)
	}
	if m.NeedsLabels && len(j.labels) != e.samples {
		return badf("%d labels for %d samples", len(j.labels), e.samples)
	}
	if m.NeedsReference && len(j.reference) != e.samples*j.row {
		return fmt.Errorf("backend: %d reference values for %d samples of %d", len(j.reference), e.samples, j.row)
	}
	if m.Countable && len(e.dims) != 2 && !slices.ContainsFunc(e.dims[1:], func(d int64) bool { return int(d) == j.row }) {
		return badf("metric %s needs an output [samples, classes]; %s is %v", m.Name, e.judge.output, e.dims)
	}
	if !m.NeedsLabels {
		return nil
	}
	for i, l := range j.labels {
		if l < 0 || l >= int64(j.row) {
			return badf("label %d of sample %d is out of range: output %s has classes 0 to %d", l, i, e.judge.output, j.row-1)
		}
	}
	return nil
}

// Close ends the workers and gives all memory back. It may be called more than once.
func (e *Evaluator) Close() {
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
