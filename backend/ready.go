package backend

import (
	"errors"
	"fmt"

	"example.org/demote/search"
)

// errClosed is the error of a method that computes, after Close.
var errClosed = errors.New("backend: the evaluator is closed: close it when its last method has returned")

// ready is the error of what cannot be run: by an evaluator that is closed, or for masks of another network.
func (e *Evaluator) ready(masks ...search.Mask) error {
	if e.closed {
		return errClosed
	}
	for i := range masks {
		if n := masks[i].Len(); n != e.holders {
			return fmt.Errorf("backend: a mask of %d holders, and the network has %d", n, e.holders)
		}
	}
	return nil
}

// has is the error of a sample that is not among those of the evaluator, or that of ready.
func (e *Evaluator) has(sample int, masks ...search.Mask) error {
	if err := e.ready(masks...); err != nil {
		return err
	}
	if sample < 0 || sample >= e.samples {
		return fmt.Errorf("backend: sample %d, and there are %d, numbered from 0", sample, e.samples)
	}
	return nil
}
