//go:build cuda

package gpu

import (
	"example.org/demote/backend/device"
	"example.org/demote/cuda"
)

// steps is the memory of a lane for samples of several steps. All of it is on the device, and steps are told apart by
// copies there, in the stream, between the runs of the network: these always read and write the same places, captured
// as a graph or not.
type steps struct {
	*device.Sequence
	l      *lane
	block  []*cuda.Buffer[uint8] // by input: of the block at hand, one step behind the other
	staged []*cuda.Buffer[uint8] // by input: of blocks that are not resident; nil until one is run
	kept   *cuda.Buffer[float32] // of all steps, one behind the other
	host   []float32             // where kept is copied to; nil until it is asked for
	rows   []float32             // that, as rows are handed out
}

// newSteps makes it, on the worker's thread; nil where samples have one step.
func newSteps(l *lane, inputs []device.Tensor, s *device.Segment) (*steps, error) {
	sequence, err := device.NewSequence(inputs, s)
	if sequence == nil || err != nil {
		return nil, err
	}
	q := &steps{Sequence: sequence, l: l}
	if q.Output != "" {
		if q.kept, err = cuda.NewBuffer[float32](l.g.d, "all steps of "+q.Output, q.Steps*q.Made); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// runBlock runs the steps of a block one after another.
func (q *steps) runBlock(b *block, p *part) error {
	if err := q.stage(b); err != nil {
		return err
	}
	return q.Run(q, func() error {
		if err := q.l.g.stop.Err(); err != nil { // the replay of a graph does not look
			return err
		}
		return q.l.runOnce(p)
	})
}

// stage has all steps of a block on the device. Samples that are not resident are copied up once for all of them.
func (q *steps) stage(b *block) error {
	if b.read == nil {
		q.block = b.inputs
		return nil
	}
	if q.block = q.staged; q.staged != nil && q.l.loaded == b {
		return nil
	}
	q.l.loaded = nil
	for i, in := range q.Inputs {
		if len(q.staged) == i {
			m, err := cuda.NewBuffer[uint8](q.l.g.d, "the samples", allBytes(in))
			if err != nil {
				return err
			}
			q.staged = append(q.staged, m)
		}
		if err := q.l.copyUp(b, i, q.staged[i]); err != nil {
			return err
		}
	}
	q.block, q.l.loaded = q.staged, b
	return nil
}

// Take implements device.StepMemory.
func (q *steps) Take(input, step int) error {
	m := q.l.inputs[input].memory
	return m.CopyAt(q.l.g.stream, 0, q.block[input], step*m.Len(), m.Len())
}

// Hand implements device.StepMemory.
func (q *steps) Hand(output string, input int) error {
	return q.l.inputs[input].memory.CopyFrom(q.l.g.stream, q.l.buffers[output].memory)
}

// Keep implements StepMemory.
func (q *steps) Keep(step int) error {
	return q.kept.CopyAt(q.l.g.stream, step*q.Made, q.l.buffers[q.Output].floats, 0, q.Made)
}

// allRows copies down what has been kept of all steps of a block: those of a sample one behind the other.
func (q *steps) allRows() ([]float32, error) {
	if q.host == nil {
		q.host, q.rows = make([]float32, q.kept.Len()), make([]float32, q.kept.Len())
	}
	if err := q.kept.Download(q.l.g.stream, q.host); err != nil {
		return nil, err
	}
	for step := range q.Steps {
		q.Place(q.rows, q.host[step*q.Made:(step+1)*q.Made], step)
	}
	return q.rows, nil
}

// close gives the memory back. It may be called more than once, and of none.
func (q *steps) close() {
	if q == nil {
		return
	}
	for _, m := range q.staged {
		_ = m.Close()
	}
	_ = q.kept.Close()
	q.staged, q.block = nil, nil
}

// allBytes is the size of a block of an input with all its steps.
func allBytes(t device.Tensor) int { return t.Bytes() * max(1, t.Steps) }
