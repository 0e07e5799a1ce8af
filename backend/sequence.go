package backend

import (
	"errors"
	"fmt"

	"demote/cgo"
)

// A keptOutput is the output whose values of all steps are kept, and the axis on which its samples lie; an empty name: none.
type keptOutput struct {
	name string
	axis int
}

// A sequence is what a lane needs to run a network over the steps of its samples, one run a step: what a step hands to the next
// one goes from an output to an input, and the values that the metric reads are kept of all of them.
type sequence struct {
	inputs  []Tensor
	pieces  int // that a sample of the output has
	steps   int
	own     []*cgo.Tensor // by input: what a step reads; nil: what the block has is the same for all steps
	current []*cgo.Tensor // by input: what the step at hand reads
	output  string        // whose values are kept; empty: none's
	kept    *cgo.Tensor   // of all steps of a sample, one behind the other, and the next sample's behind them

	told  func(step int, lost []string) error // is told of each step that has run, and what the runtime did not write; nil: nobody is
	lossy bool                                // what it does not write ends no run
}

// StepsOf is how many steps the samples of a network's inputs have.
func StepsOf(inputs []Tensor) int {
	steps := 1
	for _, in := range inputs {
		steps = max(steps, in.Steps)
	}
	return steps
}

// newSequence makes what a lane with these buffers needs, for parts that are one network in one piece; nil where samples have one
// step.
func newSequence(inputs []Tensor, parts []*cpuPart, buffers map[string]*cgo.Tensor) (_ *sequence, err error) {
	q := &sequence{inputs: inputs, steps: StepsOf(inputs), own: make([]*cgo.Tensor, len(inputs)), current: make([]*cgo.Tensor, len(inputs))}
	if q.steps == 1 || len(parts) == 0 {
		return nil, nil
	}
	defer func() {
		if err != nil {
			q.Close()
		}
	}()
	for i, in := range inputs {
		switch {
		case in.Fed != "" && buffers[in.Fed] == nil:
			return nil, fmt.Errorf("input %s is fed by %s, which nothing makes", in.Name, in.Fed)
		case in.Fed != "" && len(buffers[in.Fed].Bytes()) != in.Bytes():
			return nil, fmt.Errorf("input %s %v is fed by %s %v", in.Name, in.Dims, in.Fed, buffers[in.Fed].Shape())
		case in.Fed == "" && in.Steps <= 1:
			continue
		}
		if q.own[i], err = cgo.NewTensor(in.Type, in.Dims...); err != nil {
			return nil, fmt.Errorf("no memory for %s: %w", in.Name, err)
		}
	}
	name, axis := parts[len(parts)-1].kept.name, parts[len(parts)-1].kept.axis
	if t := buffers[name]; t != nil && t.Type() == cgo.Float32 {
		q.output, q.pieces = name, piecesOf(t.Shape(), axis)
		if q.kept, err = cgo.NewTensor(cgo.Float32, int64(q.steps), int64(t.Len())); err != nil {
			return nil, fmt.Errorf("no memory for all steps of %s: %w", name, err)
		}
	}
	return q, nil
}

// Close gives the memory back. It may be called more than once, and of none.
func (q *sequence) Close() {
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
	var unwritten *UnwrittenError
	var lost []string
	for step := range q.steps {
		q.enter(step, data, w.buffers)
		if err := w.runBound(q.current, b); err != nil {
			found, ok := errors.AsType[*UnwrittenError](err)
			if !ok || !q.lossy {
				return err
			}
			unwritten, lost = found, found.Tensors
		}
		q.leave(step, w.buffers)
		if q.told == nil {
			continue
		}
		if err := q.told(step, lost); err != nil {
			return err
		}
	}
	if unwritten != nil {
		return unwritten
	}
	return nil
}

// enter fills what a step reads.
func (q *sequence) enter(step int, data []*cgo.Tensor, buffers map[string]*cgo.Tensor) {
	for i, in := range q.inputs {
		own := q.own[i]
		q.current[i] = own
		switch {
		case own == nil || in.Fed != "" && step == 0:
			q.current[i] = data[i]
		case in.Fed != "":
			copy(own.Bytes(), buffers[in.Fed].Bytes())
		default:
			copy(own.Bytes(), data[i].Bytes()[step*len(own.Bytes()):])
		}
	}
}

// leave keeps what a step has made.
func (q *sequence) leave(step int, buffers map[string]*cgo.Tensor) {
	if q.kept == nil {
		return
	}
	made, all, slots := buffers[q.output].Float32s(), q.kept.Float32s(), q.inputs[0].Batch()
	size := len(made) / (slots * q.pieces)
	for slot := range slots {
		for i := range q.pieces {
			copy(all[((slot*q.steps+step)*q.pieces+i)*size:], made[(i*slots+slot)*size:][:size])
		}
	}
}

// eachStep has the lane tell of every step of what runs next, and tells whether there are several; nil: no longer. What the runtime
// leaves unwritten then ends no run before its last step.
func (w *cpuLane) eachStep(told func(step int, lost []string) error) bool {
	if w.steps == nil {
		return false
	}
	w.steps.told, w.steps.lossy = told, told != nil
	return true
}

// A stepper is a lane that runs samples of several steps.
type stepper interface {
	eachStep(told func(step int, lost []string) error) bool
}

// newSteps makes the memory of a block of an input: of its first step, and behind it that of the others.
func newSteps(in Tensor) (*cgo.Tensor, error) {
	if in.Steps > 1 {
		return cgo.NewTensor(in.Type, append([]int64{int64(in.Steps)}, in.Dims...)...)
	}
	return cgo.NewTensor(in.Type, in.Dims...)
}

// readSlot reads a sample of an input into one of the slots of a block.
func readSlot(src Samples, input int, in Tensor, sample, slot, slots int, dst []byte) error {
	size, pieces := in.sampleBytes(slots), in.Pieces()
	if slots == 1 || in.Steps <= 1 && pieces == 1 {
		return src.Read(input, sample, dst[slot*size:(slot+1)*size])
	}
	all := make([]byte, size)
	if err := src.Read(input, sample, all); err != nil {
		return err
	}
	one := size / max(1, in.Steps)
	for step := range max(1, in.Steps) {
		Place(dst[step*slots*one:], all[step*one:(step+1)*one], pieces, slot, slots)
	}
	return nil
}
