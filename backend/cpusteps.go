package backend

import (
	"fmt"

	"example.org/demote/cgo"
)

// cpuSteps is the memory of a lane for samples of several steps.
type cpuSteps struct {
	*sequence
	buffers map[string]*cgo.Tensor // the lane's
	data    []*cgo.Tensor          // by input: of the block at hand
	own     []*cgo.Tensor          // by input: what a step reads; nil: what the block has is the same for all steps
	current []*cgo.Tensor          // by input: what the step at hand reads
	kept    *cgo.Tensor            // of all steps of a sample, one behind the other, and the next sample's behind them
}

// newCPUSteps makes it; nil where samples have one step.
func newCPUSteps(inputs []Tensor, s *Segment, buffers map[string]*cgo.Tensor) (_ *cpuSteps, err error) {
	sequence, err := newSequence(inputs, s)
	if sequence == nil || err != nil {
		return nil, err
	}
	q := &cpuSteps{sequence: sequence, buffers: buffers, own: make([]*cgo.Tensor, len(inputs)), current: make([]*cgo.Tensor, len(inputs))}
	defer func() {
		if err != nil {
			q.Close()
		}
	}()
	for i, in := range inputs {
		if in.Fed == "" && in.Steps <= 1 {
			continue
		}
		if q.own[i], err = cgo.NewTensor(in.Type, in.Dims...); err != nil {
			return nil, fmt.Errorf("no memory for %s: %w", in.Name, err)
		}
	}
	if q.output != "" {
		if q.kept, err = cgo.NewTensor(cgo.Float32, int64(q.steps), int64(q.made)); err != nil {
			return nil, fmt.Errorf("no memory for all steps of %s: %w", q.output, err)
		}
	}
	return q, nil
}

// take implements stepMemory.
func (q *cpuSteps) take(input, step int) error {
	q.current[input] = q.data[input]
	if q.inputs[input].Steps > 1 {
		own := q.own[input]
		copy(own.Bytes(), q.data[input].Bytes()[step*len(own.Bytes()):])
		q.current[input] = own
	}
	return nil
}

// hand implements stepMemory.
func (q *cpuSteps) hand(output string, input int) error {
	q.current[input] = q.own[input]
	copy(q.own[input].Bytes(), q.buffers[output].Bytes())
	return nil
}

// keep implements stepMemory.
func (q *cpuSteps) keep(step int) error {
	q.place(q.kept.Float32s(), q.buffers[q.output].Float32s(), step)
	return nil
}

// Close gives the memory back. It may be called more than once, and of none.
func (q *cpuSteps) Close() {
	if q == nil {
		return
	}
	for _, t := range q.own {
		t.Close()
	}
	q.kept.Close()
}

// runSteps runs the steps of a block one after another. Where samples have one, that is runBound.
func (w *cpuLane) runSteps(data []*cgo.Tensor, b *binding) error {
	q := w.steps
	if q == nil {
		return w.runBound(data, b)
	}
	q.data = data
	return q.run(q, func() error { return w.runBound(q.current, b) })
}

// eachStep implements lane.
func (w *cpuLane) eachStep(told func(step int, lost []string) error) bool {
	return w.steps != nil && w.steps.tell(told)
}

// newSteps makes the memory of a block of an input: of its first step, and behind it that of the others.
func newSteps(in Tensor) (*cgo.Tensor, error) {
	if in.Steps > 1 {
		return cgo.NewTensor(in.Type, append([]int64{int64(in.Steps)}, in.Dims...)...)
	}
	return cgo.NewTensor(in.Type, in.Dims...)
}
