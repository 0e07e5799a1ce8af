package far

import (
	"cmp"
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
const mostHolders, mostBlock, mostWorkers, mostShapes, mostNetwork = 1 << 20, 1 << 16, 1 << 12, 1 << 10, 2<<30 - 1

// plan makes ready for a search, in place of the one at hand.
func (s *Server) plan(ctx context.Context, p link.Plan) error {
	s.end()
	if err := checkPlan(p); err != nil {
		return err
	}
	p.Workers = min(p.Workers, cmp.Or(s.o.Workers, p.Workers))
	room := s.memory(p.CPU)
	list, bytes, err := s.shapes(ctx, p, room)
	if err != nil {
		return err
	}
	o := machine.Options{Device: s.o.Device, Kind: s.o.Kind, Metric: metric.OutputsOnly, Output: p.Output, Beside: p.Beside, Axis: p.Axis, Block: p.Shapes[0].Block, Workers: p.Workers, MostWorkers: s.o.Workers, Threads: p.Threads, Spin: p.Spin,
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
		left := room
		for i, shape := range p.Shapes {
			if err := s.truth(ctx, shape, &list[i], p.Samples, &left); err != nil {
				return fmt.Errorf("what the metric compares with: %w", err)
			}
		}
	}
	if kind.MayRound {
		if o.Proof, err = segments.Proof(); err != nil {
			return err
		}
	}
	return s.open(p, o, list, room)
}

// shapes are the networks of a plan, and what a block of the largest samples has of bytes.
func (s *Server) shapes(ctx context.Context, p link.Plan, room int64) (list []machine.Shape, most int64, err error) {
	for _, shape := range p.Shapes {
		if err := shape.Network.Get(ctx, s.host, min(room, mostNetwork)); err != nil {
			return nil, 0, fmt.Errorf("the network: %w", err)
		}
		src, err := s.o.Source(shape.Network)
		if err != nil {
			return nil, 0, fmt.Errorf("the network: %w", err)
		}
		if src.Holders() != shape.Network.Holders {
			return nil, 0, fmt.Errorf("the network has %d holders, and the plan says %d", src.Holders(), shape.Network.Holders)
		}
		bytes, err := blockBytes(src, p.Output, room)
		if err != nil {
			return nil, 0, err
		}
		if lanes := int64(max(1, p.Workers)); bytes > room/lanes {
			return nil, 0, fmt.Errorf("%d blocks of samples have %d bytes each, and there is room for %d", lanes, bytes, room)
		}
		if len(list) > 0 && len(src.Inputs()) != len(list[0].Source.Inputs()) {
			return nil, 0, fmt.Errorf("networks of %d and of %d inputs", len(list[0].Source.Inputs()), len(src.Inputs()))
		}
		list, most = append(list, machine.Shape{Source: src, Block: shape.Block}), max(most, bytes)
	}
	if len(list) == 1 && p.Shapes[0].Of.Size == 0 {
		return list, most, nil
	}
	return list, most, s.numbers(ctx, p, list, room)
}

// numbers gives each shape those of its samples among all.
func (s *Server) numbers(ctx context.Context, p link.Plan, list []machine.Shape, room int64) error {
	all := 0
	for i, shape := range p.Shapes {
		data, err := link.Get(ctx, s.host, shape.Of, min(room, 4*int64(p.Samples)))
		if err != nil {
			return fmt.Errorf("the samples of a shape: %w", err)
		}
		list[i].Of = link.ReadNumbers(data)
		if all += len(list[i].Of); len(list[i].Of) == 0 {
			return errors.New("a shape without samples")
		}
	}
	if all != p.Samples {
		return fmt.Errorf("shapes of %d samples, of %d", all, p.Samples)
	}
	seen := make([]bool, all)
	for _, shape := range list {
		for i, n := range shape.Of {
			if n >= all || seen[n] || i > 0 && n < shape.Of[i-1] {
				return fmt.Errorf("sample %d of a shape: there are %d samples, each once and rising", n, all)
			}
			seen[n] = true
		}
	}
	return nil
}

// truth gets what the outputs of a shape, of so many samples where it is the only one, are compared with, of at most
// left bytes, which it takes from that.
func (s *Server) truth(ctx context.Context, shape link.Shape, to *machine.Shape, samples int, left *int64) (err error) {
	if to.Of != nil {
		samples = len(to.Of)
	}
	var t metric.Truth
	switch {
	case shape.TruthOf != nil:
		t, err = shape.TruthOf.Truth(samples, *left)
	case shape.Truth != nil:
		t, err = shape.Truth.Get(ctx, s.host, *left)
	}
	*left -= 8*int64(len(t.Labels)) + 4*int64(len(t.Pixels)+len(t.Values)+len(t.Reference))
	to.Truth = &t
	return err
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
	case p.Samples < 1 || p.Samples > math.MaxInt32 || len(p.Shapes) == 0 || len(p.Shapes) > mostShapes:
		return fmt.Errorf("a plan of %d samples of %d shapes", p.Samples, len(p.Shapes))
	case p.Axis < -1 || p.Workers < 0 || p.Workers > mostWorkers || p.Threads < 0 || p.Activations < 0:
		return fmt.Errorf("a plan of axis %d, %d workers, %d threads and %d bytes of activations", p.Axis, p.Workers, p.Threads, p.Activations)
	case len(p.Config) > 0 && (!p.CPU || !maps.Equal(p.Config, segments.ExactSession)):
		return errors.New("a plan with session settings that are not those of the exact session")
	case p.Level != 0 && p.Level != 1 && p.Level != 2 && p.Level != 99:
		return fmt.Errorf("a plan of optimization level %d", p.Level)
	}
	for _, shape := range p.Shapes {
		switch {
		case shape.Block < 1 || shape.Block > mostBlock:
			return fmt.Errorf("a plan of %d samples in blocks of %d", p.Samples, shape.Block)
		case shape.Network.Holders < 0 || shape.Network.Holders > mostHolders || len(p.Records) != shape.Network.Holders:
			return fmt.Errorf("a plan of %d holders with %d records", shape.Network.Holders, len(p.Records))
		}
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
func (s *Server) open(p link.Plan, o machine.Options, list []machine.Shape, room int64) error {
	ctx, stop := context.WithCancel(s.ctx)
	fetch := func(ctx context.Context, f link.File, most int64) ([]byte, error) {
		return link.Get(ctx, s.host, f, most)
	}
	if p.CPU { // blocks are read when they are run
		room = math.MaxInt64
	}
	w, err := machine.NewWorker(ctx, list, p.Samples, p.Records, o, room, fetch)
	if err != nil {
		stop()
		return err
	}
	if p.Shapes[0].TruthOf != nil {
		w.ByBlock()
	}
	r := &run{Worker: w, stop: stop, holders: len(p.Records)}
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
