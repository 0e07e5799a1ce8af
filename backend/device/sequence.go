package device

import (
	"errors"
	"fmt"

	"example.org/demote/cgo"
)

// A KeptOutput is the output whose values of all steps are kept, and the axis on which its samples lie; an empty
// name: none.
type KeptOutput struct {
	Name string
	Axis int
}

// A Sequence is how a lane runs a network over the steps of its samples, one run a step: what a step hands to the
// next one goes from an output to an input, and the values that the metric reads are kept of all of them. Where they
// lie is the lane's affair.
type Sequence struct {
	Inputs []Tensor
	Steps  int
	Output string // whose values are kept; empty: none's
	Made   int    // values of that output in one step of a block
	Pieces int    // that a sample has of them

	// is told of each step that has run, and what the runtime did not write; nil: nobody is
	Told  func(step int, lost []string) error
	lossy bool // what it does not write ends no run
}

// StepMemory is where a lane has what the steps of a block read and make.
type StepMemory interface {
	// Take has a step read an input's values of the block. In the first step these are also what states begin with,
	// and what is the same in all steps.
	Take(input, step int) error
	// Hand has the next step read an output of the last one as an input.
	Hand(output string, input int) error
	// Keep keeps what a step has made of the output whose values are kept.
	Keep(step int) error
}

// StepsOf is how many steps the samples of a network's inputs have, at least 1. Inputs of fewer steps have one value
// for all of them.
func StepsOf(inputs []Tensor) int {
	steps := 1
	for _, in := range inputs {
		steps = max(steps, in.Steps)
	}
	return steps
}

// NewSequence is how a network in one piece, s, is run over the steps of its samples; nil where they have one step. It
// is an error if an input is fed by an output that is not there or has another size.
func NewSequence(inputs []Tensor, s *Segment) (*Sequence, error) {
	q := &Sequence{Inputs: inputs, Steps: StepsOf(inputs)}
	if q.Steps == 1 {
		return nil, nil
	}
	for _, in := range inputs {
		if in.Fed == "" {
			continue
		}
		at := IndexTensor(s.Outputs, in.Fed)
		if at < 0 {
			return nil, fmt.Errorf("input %s is fed by %s, which nothing makes", in.Name, in.Fed)
		}
		if made := s.Outputs[at]; made.Bytes() != in.Bytes() {
			return nil, fmt.Errorf("input %s %v is fed by %s %v", in.Name, in.Dims, in.Fed, made.Dims)
		}
	}
	if at := IndexTensor(s.Outputs, s.Kept.Name); at >= 0 && s.Outputs[at].Type == cgo.Float32 {
		q.Output, q.Made, q.Pieces = s.Kept.Name, s.Outputs[at].Elems(), PiecesOf(s.Outputs[at].Dims, s.Kept.Axis)
	}
	return q, nil
}

// Run runs the steps of a block one after another, each by a call of once. It stops at the first error and returns it;
// an UnwrittenError of a step, while somebody is told of these, only behind the last one.
func (q *Sequence) Run(m StepMemory, once func() error) error {
	var unwritten *UnwrittenError
	var lost []string
	for step := range q.Steps {
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
		if q.Output != "" {
			if err := m.Keep(step); err != nil {
				return err
			}
		}
		if q.Told == nil {
			continue
		}
		if err := q.Told(step, lost); err != nil {
			return err
		}
	}
	if unwritten != nil {
		return unwritten
	}
	return nil
}

// enter brings what a step reads to where the network reads it.
func (q *Sequence) enter(m StepMemory, step int) (err error) {
	for i, in := range q.Inputs {
		switch {
		case in.Fed != "" && step > 0:
			err = m.Hand(in.Fed, i)
		case in.Steps > 1 || step == 0:
			err = m.Take(i, step)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Place puts what a step of a block has made where its samples have all of their steps, one behind the other. all has
// the values of all slots and steps, made those of one step.
func (q *Sequence) Place(all, made []float32, step int) {
	slots := q.Inputs[0].Batch()
	size := q.Made / slots
	for slot := range slots {
		takeSlot(all[(slot*q.Steps+step)*size:][:size], made, q.Pieces, slot, slots)
	}
}

// Tell is Lane.EachStep for a lane that runs sequences.
func (q *Sequence) Tell(told func(step int, lost []string) error) bool {
	q.Told, q.lossy = told, told != nil
	return true
}
