package backend

import (
	"errors"
	"fmt"

	"example.org/demote/cgo"
)

// A keptOutput is the output whose values of all steps are kept, and the axis on which its samples lie; an empty name: none.
type keptOutput struct {
	name string
	axis int
}

// A sequence is how a lane runs a network over the steps of its samples, one run a step: what a step hands to the next one goes
// from an output to an input, and the values that the metric reads are kept of all of them. Where they lie is the lane's affair.
type sequence struct {
	inputs []Tensor
	steps  int
	output string // whose values are kept; empty: none's
	made   int    // values of that output in one step of a block
	pieces int    // that a sample has of them

	told  func(step int, lost []string) error // is told of each step that has run, and what the runtime did not write; nil: nobody is
	lossy bool                                // what it does not write ends no run
}

// stepMemory is where a lane has what the steps of a block read and make.
type stepMemory interface {
	// take has a step read an input's values of the block. In the first step these are also what states begin with, and what is the
	// same in all steps.
	take(input, step int) error
	// hand has the next step read an output of the last one as an input.
	hand(output string, input int) error
	// keep keeps what a step has made of the output whose values are kept.
	keep(step int) error
}

// StepsOf is how many steps the samples of a network's inputs have.
func StepsOf(inputs []Tensor) int {
	steps := 1
	for _, in := range inputs {
		steps = max(steps, in.Steps)
	}
	return steps
}

// newSequence is how a network in one piece is run over the steps of its samples; nil where they have one step.
func newSequence(inputs []Tensor, s *Segment) (*sequence, error) {
	q := &sequence{inputs: inputs, steps: StepsOf(inputs)}
	if q.steps == 1 {
		return nil, nil
	}
	for _, in := range inputs {
		if in.Fed == "" {
			continue
		}
		at := indexTensor(s.Outputs, in.Fed)
		if at < 0 {
			return nil, fmt.Errorf("input %s is fed by %s, which nothing makes", in.Name, in.Fed)
		}
		if made := s.Outputs[at]; made.Bytes() != in.Bytes() {
			return nil, fmt.Errorf("input %s %v is fed by %s %v", in.Name, in.Dims, in.Fed, made.Dims)
		}
	}
	if at := indexTensor(s.Outputs, s.kept.name); at >= 0 && s.Outputs[at].Type == cgo.Float32 {
		q.output, q.made, q.pieces = s.kept.name, s.Outputs[at].elems(), piecesOf(s.Outputs[at].Dims, s.kept.axis)
	}
	return q, nil
}

// run runs the steps of a block one after another, once each.
func (q *sequence) run(m stepMemory, once func() error) error {
	var unwritten *UnwrittenError
	var lost []string
	for step := range q.steps {
		if err := q.enter(m, step); err != nil {
			return err
		}
		if err := once(); err != nil {
			found, ok := errors.AsType[*UnwrittenError](err)
			if !ok || !q.lossy {
				return err
			}
			unwritten, lost = found, found.Tensors
		}
		if q.output != "" {
			if err := m.keep(step); err != nil {
				return err
			}
		}
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

// enter brings what a step reads to where the network reads it.
func (q *sequence) enter(m stepMemory, step int) (err error) {
	for i, in := range q.inputs {
		switch {
		case in.Fed != "" && step > 0:
			err = m.hand(in.Fed, i)
		case in.Steps > 1 || step == 0:
			err = m.take(i, step)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// place puts what a step of a block has made where its samples have all of their steps, one behind the other.
func (q *sequence) place(all, made []float32, step int) {
	slots := q.inputs[0].Batch()
	size := q.made / slots
	for slot := range slots {
		takeSlot(all[(slot*q.steps+step)*size:][:size], made, q.pieces, slot, slots)
	}
}

// tell is eachStep of the lane.
func (q *sequence) tell(told func(step int, lost []string) error) bool {
	q.told, q.lossy = told, told != nil
	return true
}
