package far

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/machine"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/internal/segments"
)

// The most of what a plan may have, and of an ONNX file.
const mostHolders, mostBlock, mostWorkers, mostNetwork = 1 << 20, 1 << 16, 1 << 12, 2<<30 - 1

// plan makes ready for a search, in place of the one at hand.
func (s *Server) plan(ctx context.Context, p link.Plan) error {
	s.end()
	if err := checkPlan(p); err != nil {
		return err
	}
	room := s.memory(p.CPU)
	if err := p.Network.Get(ctx, s.host, min(room, mostNetwork)); err != nil {
		return fmt.Errorf("the network: %w", err)
	}
	src, err := s.o.Source(p.Network)
	if err != nil {
		return fmt.Errorf("the network: %w", err)
	}
	if src.Holders() != p.Network.Holders {
		return fmt.Errorf("the network has %d holders, and the plan says %d", src.Holders(), p.Network.Holders)
	}
	bytes, err := blockBytes(src, p.Output, room)
	if err != nil {
		return err
	}
	if lanes := int64(max(1, p.Workers)); bytes > room/lanes {
		return fmt.Errorf("%d blocks of samples have %d bytes each, and there is room for %d", lanes, bytes, room)
	}
	o := machine.Options{Device: s.o.Device, Kind: s.o.Kind, Metric: metric.OutputsOnly, Output: p.Output, Beside: p.Beside, Axis: p.Axis, Block: p.Block, Workers: p.Workers, Threads: p.Threads, Spin: p.Spin,
		Level: p.Level, Cuts: p.Cuts, Patient: p.Patient, Naive: p.Naive, Activations: p.Activations, Cache: room / 4, Working: bytes, Step: s.step}
	kind := s.o.Kind
	if p.CPU {
		kind = s.o.CPU
		o.Device, o.Kind, o.Stream, o.Cache, o.Config = "", kind, true, 0, p.Config
	}
	if p.Metric != nil {
		if o.Metric, err = metric.OfSpec(*p.Metric); err != nil {
			return err
		}
		if p.TruthOf != nil {
			if o.Truth, err = p.TruthOf.Truth(p.Samples, room); err != nil {
				return fmt.Errorf("what the metric compares with: %w", err)
			}
		}
		if p.Truth != nil {
			if o.Truth, err = p.Truth.Get(ctx, s.host, room); err != nil {
				return fmt.Errorf("what the metric compares with: %w", err)
			}
		}
	}
	if kind.MayRound {
		if o.Proof, err = segments.Proof(); err != nil {
			return err
		}
	}
	return s.open(p, o, src, room)
}

// blockBytes are what the samples of a block have, and its outputs where they have several steps, of at most so many.
func blockBytes(src device.Source, output string, most int64) (bytes int64, err error) {
	inputs := src.Inputs()
	for _, in := range inputs {
		size, err := sizeOf(append([]int64{int64(max(1, in.Steps))}, in.Dims...), in.Type.Size(), most)
		if err != nil {
			return 0, fmt.Errorf("input %s %v: %w", in.Name, in.Dims, err)
		}
		bytes += size
	}
	steps := device.StepsOf(inputs)
	if steps == 1 {
		return bytes, nil
	}
	whole, err := src.Segment(0, src.Cuts()-1)
	if err != nil {
		return 0, err
	}
	for _, out := range whole.Outputs {
		if out.Name != output {
			continue
		}
		kept, err := sizeOf(append([]int64{int64(steps)}, out.Dims...), out.Type.Size(), most)
		if err != nil {
			return 0, fmt.Errorf("%d steps of output %s %v: %w", steps, out.Name, out.Dims, err)
		}
		bytes += kept
	}
	return bytes, nil
}

// sizeOf is the size of a tensor, of at most so many bytes.
func sizeOf(dims []int64, size int, most int64) (int64, error) {
	n := int64(size)
	for _, d := range dims {
		if d <= 0 || n > most/d {
			return 0, fmt.Errorf("there is room for %d bytes", most)
		}
		n *= d
	}
	return n, nil
}

// checkPlan refuses numbers that cannot be.
func checkPlan(p link.Plan) error {
	switch {
	case p.Samples < 1 || p.Samples > math.MaxInt32 || p.Block < 1 || p.Block > mostBlock:
		return fmt.Errorf("a plan of %d samples in blocks of %d", p.Samples, p.Block)
	case p.Network.Holders < 0 || p.Network.Holders > mostHolders || len(p.Records) != p.Network.Holders:
		return fmt.Errorf("a plan of %d holders with %d records", p.Network.Holders, len(p.Records))
	case p.Axis < -1 || p.Workers < 0 || p.Workers > mostWorkers || p.Threads < 0 || p.Activations < 0:
		return fmt.Errorf("a plan of axis %d, %d workers, %d threads and %d bytes of activations", p.Axis, p.Workers, p.Threads, p.Activations)
	case len(p.Config) > 0 && (!p.CPU || !maps.Equal(p.Config, segments.ExactSession)):
		return errors.New("a plan with session settings that are not those of the exact session")
	case p.Level != 0 && p.Level != 1 && p.Level != 2 && p.Level != 99:
		return fmt.Errorf("a plan of optimization level %d", p.Level)
	}
	for _, r := range p.Records {
		for _, g := range []interface{ Check() error }{r.Low, r.High} {
			if err := g.Check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// open compiles the network.
func (s *Server) open(p link.Plan, o machine.Options, src device.Source, room int64) error {
	ctx, stop := context.WithCancel(s.ctx)
	fetch := func(ctx context.Context, f link.File, most int64) ([]byte, error) {
		return link.Get(ctx, s.host, f, most)
	}
	if p.CPU { // blocks are read when they are run
		room = math.MaxInt64
	}
	w, err := machine.NewWorker(ctx, src, p.Samples, p.Records, o, room, fetch)
	if err != nil {
		stop()
		return err
	}
	if p.TruthOf != nil {
		w.ByBlock()
	}
	r := &run{Worker: w, stop: stop, holders: p.Network.Holders}
	r.gather.send = func(leases []uint64, m []byte) { s.send(r, leases, m) }
	w.Join(0, func(a bounds.Answer) { s.post(r, a) })
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.run = r
	}
	s.mu.Unlock()
	if closed {
		stop()
		w.End()
		return errClosed
	}
	return nil
}
