package direct

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/cpu"
	"example.org/demote/cgo"
)

// PassSteps runs a model without holders over all samples, block by block and in order, and hands each block's outputs
// to f: count of their rows are samples first, first+1, ..., the rest is padding. Of samples of several steps f gets
// the outputs of each, from 0 on, one call a step. It runs on the CPU, whatever the device. Only one block is in memory
// at a time. The outputs are f's until it returns; those that are not float32, which a step hands to the next one, are
// nil. Each of them is what the network computes: where the runtime's optimizer takes the node away that makes one, all
// of them are computed without optimization. The error is the context's, the runtime's, the samples' or f's.
func PassSteps(ctx context.Context, s *device.Segment, samples device.Samples, level int, f func(first, count, step int, outputs [][]float32) error) error {
	return passSteps(ctx, s, samples, level, runtime.GOMAXPROCS(0), f)
}

// passSteps is PassSteps by a session with a number of threads.
func passSteps(ctx context.Context, s *device.Segment, samples device.Samples, level, threads int, f func(first, count, step int, outputs [][]float32) error) error {
	stop, err := cgo.NewStop(ctx)
	if err != nil {
		return err
	}
	defer stop.Close()
	p := &passing{Segment: s, stop: stop, threads: threads}
	defer p.close()
	if err := p.open(level); err != nil {
		return err
	}
	var data []*cgo.Tensor
	for _, in := range s.Inputs {
		t, err := cpu.NewTensor(in)
		if err != nil {
			return err
		}
		defer t.Close()
		data = append(data, t)
	}
	block := s.Inputs[0].Batch()
	for first := 0; first < samples.Len(); first += block {
		if err := ctx.Err(); err != nil {
			return err
		}
		count := min(block, samples.Len()-first)
		for i, in := range s.Inputs {
			for slot := range block {
				sample := first
				if slot < count {
					sample += slot
				}
				if err := device.ReadSlot(samples, i, in, sample, slot, block, data[i].Bytes()); err != nil {
					return err
				}
			}
		}
		told := func(step int) error { return f(first, count, step, p.outputs) }
		err := p.run(data, told)
		if _, unwritten := errors.AsType[*device.UnwrittenError](err); unwritten && level != 0 {
			level = 0
			p.close()
			if err := p.open(level); err != nil {
				return err
			}
			err = p.run(data, told)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A passing is the session of a pass, with the memory of its outputs.
type passing struct {
	*device.Segment
	stop    *cgo.Stop
	threads int
	session *cgo.Session // nil: the segment is empty
	lane    *cpu.Lane
	outputs [][]float32
}

// open compiles the segment at an optimization level.
func (p *passing) open(level int) (err error) {
	if !p.Empty {
		p.session, err = p.Model.Session(cgo.Options{Level: level, IntraThreads: p.threads, Stop: p.stop})
		if err != nil {
			return fmt.Errorf("onnx runtime cannot load the network: %w", err)
		}
	}
	if p.lane, err = cpu.NewLane([]*cpu.Part{{Segment: p.Segment, Session: p.session}}, p.Inputs, nil); err != nil {
		return err
	}
	p.outputs = nil
	for _, out := range p.Outputs {
		var values []float32
		if out.Type == cgo.Float32 {
			values = p.lane.Values(out.Name)
		}
		p.outputs = append(p.outputs, values)
	}
	return nil
}

// run runs a block, and tells of each of its steps.
func (p *passing) run(data []*cgo.Tensor, told func(step int) error) error {
	var refused error // by who is told, and not by the runtime
	several, err := p.lane.Run(data, func(step int) error {
		refused = told(step)
		return refused
	})
	if _, unwritten := errors.AsType[*device.UnwrittenError](err); err != nil && refused == nil && !unwritten {
		return fmt.Errorf("onnx runtime cannot run the network: %w", err)
	}
	if err == nil && !several {
		return told(0)
	}
	return err
}

// close gives lane and session back. It may be called more than once.
func (p *passing) close() {
	if p.lane != nil {
		p.lane.Close()
	}
	p.session.Close()
	p.lane, p.session = nil, nil
}
