package cpu

import (
	"fmt"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
)

// steps is the memory of a lane for samples of several steps.
type steps struct {
	*device.Sequence
	buffers map[string]*cgo.Tensor // the lane's
	data    []*cgo.Tensor          // by input: of the block at hand
	own     []*cgo.Tensor          // by input: what a step reads; nil: what the block has is the same for all steps
	current []*cgo.Tensor          // by input: what the step at hand reads
	kept    *cgo.Tensor            // of all steps of a sample, one behind the other, and the next sample's behind them
}

// newSteps makes it; nil where samples have one step.
func newSteps(inputs []device.Tensor, s *device.Segment, buffers map[string]*cgo.Tensor) (_ *steps, err error) {
	sequence, err := device.NewSequence(inputs, s)
	if sequence == nil || err != nil {
		return nil, err
	}
	q := &steps{Sequence: sequence, buffers: buffers, own: make([]*cgo.Tensor, len(inputs)), current: make([]*cgo.Tensor, len(inputs))}
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
	if q.Output != "" {
		if q.kept, err = cgo.NewTensor(cgo.Float32, int64(q.Steps), int64(q.Made)); err != nil {
			return nil, fmt.Errorf("no memory for all steps of %s: %w", q.Output, err)
		}
	}
	return q, nil
}

// Take implements device.StepMemory.
func (q *steps) Take(input, step int) error {
	q.current[input] = q.data[input]
	if q.Inputs[input].Steps > 1 {
		own := q.own[input]
		copy(own.Bytes(), q.data[input].Bytes()[step*len(own.Bytes()):])
		q.current[input] = own
	}
	return nil
}

// Hand implements device.StepMemory.
func (q *steps) Hand(output string, input int) error {
	q.current[input] = q.own[input]
	copy(q.own[input].Bytes(), q.buffers[output].Bytes())
	return nil
}

// Keep implements StepMemory.
func (q *steps) Keep(step int) error {
	q.Place(q.kept.Float32s(), q.buffers[q.Output].Float32s(), step)
	return nil
}

// Close gives the memory back. It may be called more than once, and of none.
func (q *steps) Close() {
	if q == nil {
		return
	}
	for _, t := range q.own {
		t.Close()
	}
	q.kept.Close()
}

// runSteps runs the steps of a block one after another. Where samples have one, that is runBound.
func (w *Lane) runSteps(data []*cgo.Tensor, b *binding) error {
	q := w.steps
	if q == nil {
		return w.runBound(data, b)
	}
	q.data = data
	return q.Run(q, func() error { return w.runBound(q.current, b) })
}

// EachStep implements lane.
func (w *Lane) EachStep(told func(step int, lost []string) error) bool {
	return w.steps != nil && w.steps.Tell(told)
}

// NewTensor makes the memory of a block of an input: of its first step, and behind it that of the others.
func NewTensor(in device.Tensor) (*cgo.Tensor, error) {
	if in.Steps > 1 {
		return cgo.NewTensor(in.Type, append([]int64{int64(in.Steps)}, in.Dims...)...)
	}
	return cgo.NewTensor(in.Type, in.Dims...)
}

// Run runs the one part of a network on tensors, one an input. Of samples of several steps it tells of each, until
// told returns an error, and says that they have several.
func (w *Lane) Run(data []*cgo.Tensor, told func(step int) error) (several bool, err error) {
	if w.steps != nil {
		w.steps.Told = func(step int, _ []string) error { return told(step) }
	}
	return w.steps != nil, w.runSteps(data, w.binds[0])
}

// Values are those of a float tensor that has been run, of the last step.
func (w *Lane) Values(tensor string) []float32 { return w.buffers[tensor].Float32s() }
