package direct

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/cpu"
	"example.org/demote/backend/internal/store"
	"example.org/demote/cgo"
	"example.org/demote/crash"
)

// A Plain runs a network without holders as anyone would who only has ONNX Runtime: some sessions side by side on the
// CPU, each with threads of its own, share the blocks of the data. It is what trials are held against. A Plain is for
// one goroutine at a time.
type Plain struct {
	data   *store.Resident
	lanes  []*cpu.Lane
	parts  []*cpu.Part
	blocks atomic.Int64 // run by all passes
}

// PlainOptions say how a Plain runs.
type PlainOptions struct {
	Sessions int  // side by side; at least 1
	Threads  int  // of each; at least 1
	Level    int  // optimization level of the runtime: 0, 1, 2 or 99
	Stream   bool // blocks are read when they are run, see Options.Stream
}

// NewPlain loads a network as many times as there are to be sessions, and lays the data out in blocks of the
// network's batch. The caller must Close it.
func NewPlain(s *device.Segment, samples device.Samples, o PlainOptions) (_ *Plain, err error) {
	p := &Plain{}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	for range max(1, o.Sessions) {
		// Idle threads spin: that is faster, and no other session has work for their cores at that time.
		session, err := s.Model.Session(cgo.Options{Level: o.Level, IntraThreads: max(1, o.Threads), Spin: o.Threads > 1})
		if err != nil {
			return nil, fmt.Errorf("onnx runtime cannot load the network: %w", err)
		}
		part := &cpu.Part{Segment: s, Session: session}
		p.parts = append(p.parts, part)
		lane, err := cpu.NewLane([]*cpu.Part{part}, s.Inputs, nil)
		if err != nil {
			return nil, err
		}
		p.lanes = append(p.lanes, lane)
	}
	p.data, err = store.NewResident(cpu.ForData(o.Stream), samples, s.Inputs, s.Inputs[0].Batch(), nil)
	return p, err
}

// Pass runs all samples once. Whichever session is free takes the next block.
func (p *Plain) Pass(ctx context.Context) error {
	var next atomic.Int64
	all, ctx := errgroup.WithContext(ctx)
	for _, lane := range p.lanes {
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			debug.SetPanicOnFault(true) // weights may lie in a file that is mapped
			for {
				at := int(next.Add(1)) - 1
				if at >= p.data.Len() {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := lane.RunPart(p.data.Blocks[at], 0); err != nil {
					return fmt.Errorf("onnx runtime cannot run the network: %w", err)
				}
				p.blocks.Add(1)
			}
		})
	}
	return all.Wait()
}

// Blocks is the number of blocks that all passes have run.
func (p *Plain) Blocks() int { return int(p.blocks.Load()) }

// Close gives sessions and data back. It may be called more than once.
func (p *Plain) Close() {
	for _, lane := range p.lanes {
		lane.Close()
	}
	for _, part := range p.parts {
		part.Session.Close()
	}
	if p.data != nil {
		p.data.Close()
	}
	p.lanes, p.parts = nil, nil
}
