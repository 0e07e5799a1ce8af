package direct

import (
	"context"
	"fmt"
	"runtime"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
)

// Measure runs a model once, on the first samples of its inputs or zeros, and returns the shapes of the named
// outputs, those of other kinds than tensors left out: the runtime's own word, for every operator that it knows. The
// context ends the run.
func Measure(ctx context.Context, model device.Model, inputs []device.Tensor, outputs []string) (map[string][]int64, error) {
	session, closeAll, err := openUnoptimized(ctx, model)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	measured, err := runOnce(session.Measure, inputs, func(run func()) { run() })
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, name := range outputs {
		wanted[name] = true
	}
	dims := map[string][]int64{}
	for i, p := range session.Outputs() {
		if wanted[p.Name] && measured[i].Type != 0 {
			dims[p.Name] = measured[i].Dims
		}
	}
	return dims, nil
}

// openUnoptimized loads a model without the runtime's optimizations, on all cores. The context ends its runs; the
// caller closes.
func openUnoptimized(ctx context.Context, model device.Model) (session *cgo.Session, closeAll func(), err error) {
	stop, err := cgo.NewStop(ctx)
	if err != nil {
		return nil, nil, err
	}
	session, err = model.Session(cgo.Options{Level: 0, IntraThreads: runtime.GOMAXPROCS(0), Stop: stop})
	if err != nil {
		stop.Close()
		return nil, nil, fmt.Errorf("onnx runtime cannot load the network: %w", err)
	}
	return session, func() {
		session.Close()
		stop.Close()
	}, nil
}

// runOnce runs inputs once, by within, and says what its outputs are like.
func runOnce(run func(map[string]*cgo.Tensor) ([]cgo.Measured, error), inputs []device.Tensor, within func(run func())) (measured []cgo.Measured, err error) {
	fed := map[string]*cgo.Tensor{}
	for _, in := range inputs {
		t, err := cgo.NewTensor(in.Type, in.Dims...)
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", in.Name, err)
		}
		defer t.Close()
		clear(t.Bytes())
		if in.First != nil && (in.Alone || len(in.Dims) > 0) {
			if err := in.First(t.Bytes(), in.Batch()); err != nil {
				return nil, err
			}
		}
		fed[in.Name] = t
	}
	within(func() { measured, err = run(fed) })
	if err != nil {
		return nil, fmt.Errorf("onnx runtime cannot run the network: %w", err)
	}
	return measured, nil
}
