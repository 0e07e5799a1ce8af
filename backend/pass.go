package backend

import (
	"context"
	"fmt"
	"runtime"

	"demote/cgo"
)

// Pass runs a model without holders over all samples, block by block and in order, and hands each
// block's outputs to f: count of their rows are samples first, first+1, ..., the rest is padding.
// It runs on the CPU, whatever the device. Only one block is in memory at a time. The outputs, all
// float32, are f's until it returns.
func Pass(ctx context.Context, s *Stretch, samples Samples, level int, f func(first, count int, outputs [][]float32) error) error {
	stop, err := cgo.NewStop(ctx)
	if err != nil {
		return err
	}
	defer stop.Close()
	var session *cgo.Session
	if !s.Empty {
		session, err = cgo.NewSession(s.Model, cgo.Options{Level: level, IntraThreads: runtime.GOMAXPROCS(0), Stop: stop})
		if err != nil {
			return fmt.Errorf("onnx runtime cannot load the network: %w", err)
		}
		defer session.Close()
	}
	w, err := newCPULane([]*cpuPart{{Stretch: s, session: session}}, s.Inputs, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	var data []*cgo.Tensor
	var outputs [][]float32
	for _, in := range s.Inputs {
		t, err := cgo.NewTensor(in.Type, in.Dims...)
		if err != nil {
			return err
		}
		defer t.Close()
		data = append(data, t)
	}
	for _, out := range s.Outputs {
		outputs = append(outputs, w.buffers[out.Name].Float32s())
	}
	block := s.Inputs[0].Batch()
	for first := 0; first < samples.Len(); first += block {
		if err := ctx.Err(); err != nil {
			return err
		}
		count := min(block, samples.Len()-first)
		for i, in := range s.Inputs {
			size, bytes := in.sampleBytes(block), data[i].Bytes()
			for slot := range block {
				sample := first
				if slot < count {
					sample += slot
				}
				if err := samples.Read(i, sample, bytes[slot*size:(slot+1)*size]); err != nil {
					return err
				}
			}
		}
		if err := w.runBound(data, w.binds[0]); err != nil {
			return fmt.Errorf("onnx runtime cannot run the network: %w", err)
		}
		if err := f(first, count, outputs); err != nil {
			return err
		}
	}
	return nil
}
