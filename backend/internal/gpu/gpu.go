//go:build cuda

package gpu

import (
	"context"
	"errors"
	"fmt"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// WithCUDA says whether this program was built for GPUs.
const WithCUDA = true

// gpu is a CUDA device: everything of a search lies in its memory, and all its work is done on the
// thread of one worker, in one stream.
type gpu struct {
	device.Base
	opts    device.Options
	stop    *cgo.Stop // ends what runs once the context is cancelled
	ordinal int
	standIn bool // the emulated device: ONNX Runtime's CPU provider stands in for its CUDA provider
	worker  *cuda.Worker
	d       *cuda.Device // for functions on the worker's thread
	stream  *cuda.Stream
	table   *cuda.Buffer[quant.Params] // low and high grid of every holder
	runs    int64                      // of sessions so far
	nan     *cuda.Buffer[uint32]       // 1 once a FakeQuant was given NaN
}

// Kind is a GPU.
var Kind = device.Kind{Traits: traits, Open: openGPU}

// openGPU starts the worker and makes the records resident.
func openGPU(ctx context.Context, o device.Options) (_ device.Device, err error) {
	if _, err := Check(o.Name); err != nil {
		return nil, err
	}
	stop, err := cgo.NewStop(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			stop.Close()
		}
	}()
	ordinal, _ := gpuNumber(o.Name) // Check has read it
	w, err := cuda.Open(ordinal)
	if err != nil {
		return nil, gpuError(err)
	}
	g := &gpu{opts: o, stop: stop, ordinal: ordinal, standIn: w.Info().Emulated, worker: w}
	err = w.Do(func(d *cuda.Device) (err error) {
		g.d = d
		if g.stream, err = d.NewStream(); err != nil {
			return err
		}
		table := cuda.RecordTable(o.Records)
		if g.table, err = cuda.NewBuffer[quant.Params](d, "the record table", max(2, len(table))); err != nil {
			return err
		}
		if g.nan, err = cuda.NewBuffer[uint32](d, "the mark of NaN", 1); err != nil {
			return err
		}
		return errors.Join(g.nan.Clear(g.stream), g.table.Upload(g.stream, table))
	})
	if err != nil {
		g.Close()
		return nil, gpuError(err)
	}
	return g, nil
}

// List lists the GPUs in the driver's order, those that cannot be used with the reason. OpenRuntime
// comes first.
func List() ([]device.Info, error) {
	infos, err := cuda.Devices()
	if err != nil {
		return nil, gpuError(err)
	}
	var list []device.Info
	for _, i := range infos {
		list = append(list, deviceInfo(i))
	}
	return list, nil
}

// deviceInfo describes a GPU. Whether it can be used is tried with the runtime's provider, which starts CUDA on it.
func deviceInfo(i cuda.Info) device.Info {
	d := device.Info{Name: fmt.Sprintf("cuda:%d", i.Ordinal), Memory: i.Memory, Free: i.Memory, Fill: i.Fill(),
		Text: fmt.Sprintf("%s, %.1f GiB, compute capability %d.%d, driver of CUDA %d.%d", i.Name, float64(i.Memory)/(1<<30),
			i.Capability/10, i.Capability%10, i.Driver/1000, i.Driver%1000/10)}
	switch err := usable(i); {
	case err != nil:
		d.Why = err.Error()
	case i.Emulated:
		d.Text += ", without a CUDA provider"
	default:
		d.Text += ", with ONNX Runtime's CUDA provider"
	}
	return d
}

// usable says why a search cannot run on a GPU with the open ONNX Runtime; nil if it can.
func usable(i cuda.Info) error {
	if err := i.Unusable(); err != nil {
		return gpuError(err)
	}
	if i.Emulated {
		return nil // it has no provider of its own
	}
	if err := i.Suits(cgo.Path()); err != nil {
		return gpuError(err)
	}
	if _, err := cuda.Preload(cgo.Path()); err != nil {
		return mistake.Errorf("%w", err)
	}
	return gpuError(cuda.Explain(cgo.CheckCUDA(i.Ordinal)))
}

// Check describes a GPU by its name and says whether a search can run on it. No other GPU is touched.
func Check(name string) (device.Info, error) {
	n, err := gpuNumber(name)
	if err != nil {
		return device.Info{}, err
	}
	infos, err := cuda.Devices()
	if err != nil {
		return device.Info{}, gpuError(err)
	}
	if n >= len(infos) {
		return device.Info{}, mistake.Errorf("--device %s: there is no GPU %d: the driver finds %d, numbered from 0", name, n, len(infos))
	}
	d := deviceInfo(infos[n])
	if d.Why != "" {
		return d, mistake.Errorf("--device %s: %s", name, d.Why)
	}
	return d, nil
}

// gpuError marks what a user can mend, and what is out of memory. Nil stays nil.
func gpuError(err error) error {
	if err == nil {
		return nil
	}
	for _, kind := range []error{cuda.ErrNoDevice, cuda.ErrDriver, cuda.ErrRuntime, cuda.ErrPlacement, cuda.ErrNoEngine} {
		if errors.Is(err, kind) {
			return mistake.Errorf("%w", err)
		}
	}
	return err
}

// OutOfMemory says whether an error is that a GPU's memory is full. The evaluator must be closed then.
func OutOfMemory(err error) bool { return errors.Is(err, cuda.ErrOutOfMemory) }

// DeviceLost says whether an error is that a GPU does not answer any more.
func DeviceLost(err error) bool { return errors.Is(err, cuda.ErrLostContext) }

// FreeMemory is the memory of a GPU that can still be had, in bytes.
func FreeMemory(name string) (free int64, err error) {
	n, err := gpuNumber(name)
	if err != nil {
		return 0, err
	}
	w, err := cuda.Open(n)
	if err != nil {
		return 0, gpuError(err)
	}
	err = w.Do(func(d *cuda.Device) error {
		free, _, err = d.Memory()
		return err
	})
	return free, gpuError(errors.Join(err, w.Close()))
}

// Load copies a block of inputs up, or remembers how they are filled.
func (g *gpu) Load(inputs []device.Tensor, samples []int, fill func(input int, dst []byte) error) (device.Block, error) {
	b := &block{g: g, slots: samples}
	if g.opts.Stream {
		b.read = fill
		return b, nil
	}
	for i, in := range inputs {
		host := make([]byte, allBytes(in))
		if err := fill(i, host); err != nil {
			b.Close()
			return nil, err
		}
		err := g.worker.Do(func(d *cuda.Device) error {
			m, err := cuda.NewBuffer[uint8](d, "the samples", len(host))
			if err != nil {
				return err
			}
			b.inputs = append(b.inputs, m)
			return m.Upload(g.stream, host)
		})
		if err != nil {
			b.Close()
			return nil, gpuError(err)
		}
	}
	g.opts.Stepped()
	return b, nil
}

// block is a block in the device's memory, or one that is copied up whenever it is run.
type block struct {
	g      *gpu
	slots  []int
	read   func(input int, dst []byte) error // of a block without inputs: writes all slots of one
	inputs []*cuda.Buffer[uint8]             // an input of the network each
	labels *cuda.Buffer[int64]               // what the metric compares with; nil until it is first judged
}

func (b *block) Samples() []int { return b.slots }

// Close gives the memory back. It may be called more than once.
func (b *block) Close() {
	_ = b.g.worker.Do(func(*cuda.Device) error {
		for _, m := range b.inputs {
			_ = m.Close()
		}
		_ = b.labels.Close()
		b.inputs, b.labels = nil, nil
		return nil
	})
}

// Close ends the worker, and frees what is left. It may be called more than once, and what was made on the device
// after it.
func (g *gpu) Close() {
	if g.worker == nil {
		return
	}
	_ = g.worker.Do(func(*cuda.Device) error { return errors.Join(g.table.Close(), g.nan.Close(), g.stream.Close()) })
	_ = g.worker.Close()
	g.stop.Close()
}

// Watch implements device.
func (g *gpu) Watch(ctx context.Context) error { return g.stop.Watch(ctx) }

func (g *gpu) Traffic() (t device.Traffic) {
	_ = g.worker.Do(func(d *cuda.Device) error {
		c := d.Traffic()
		t = device.Traffic{UpCopies: c.UpCopies, UpBytes: c.UpBytes, DownCopies: c.DownCopies, DownBytes: c.DownBytes, Launches: c.Launches, Allocations: c.Allocations, Runs: g.runs}
		return nil
	})
	return t
}
