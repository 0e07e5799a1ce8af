package backend

import (
	"context"
	"errors"

	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/gpu"
	"example.org/demote/backend/internal/machine"
	"example.org/demote/backend/link"
)

// DeviceCPU is the name of the device that every machine has.
const DeviceCPU = machine.DeviceCPU

// KindOf is the kind of device of a name, as --device has it. Whether there is one of it is another question.
func KindOf(name string) device.Kind { return machine.KindOf(name) }

// WithCUDA says whether this program was built for GPUs.
const WithCUDA = gpu.WithCUDA

// GPUs lists the GPUs in the driver's order, those that cannot be used with the reason; none in a program built for
// the CPU. OpenRuntime comes first.
func GPUs() ([]DeviceInfo, error) { return gpu.List() }

// CheckGPU describes a GPU by its name and says whether a search can run on it. No other GPU is touched.
func CheckGPU(name string) (DeviceInfo, error) { return gpu.Check(name) }

// ProveGPU has a GPU run a proof, which loads everything that searches need of its libraries: newer versions of ONNX
// Runtime load cuDNN at the first convolution only.
func ProveGPU(ctx context.Context, name string, p *Proof) error {
	d, err := KindOf(name).Open(ctx, device.Options{Name: name, Block: 1, Threads: 1})
	if err != nil {
		return err
	}
	defer d.Close()
	return p.Prove(d)
}

// Greet asks a worker on another machine for its device.
func Greet(ctx context.Context, l Link) (DeviceInfo, error) {
	h, err := machine.Greet(ctx, l)
	return h.Device, err
}

// FreeMemory is the memory of a GPU that can still be had, in bytes, by whatever process asks first.
func FreeMemory(name string) (int64, error) { return gpu.FreeMemory(name) }

// OutOfMemory says whether an error is that a GPU's memory is full, here or at a worker elsewhere. The evaluator must
// be closed then.
func OutOfMemory(err error) bool { return gpu.OutOfMemory(err) || errors.Is(err, link.ErrFull) }

// WorkerLost says whether an error is that a worker on another machine does not answer any more.
func WorkerLost(err error) bool { return machine.WorkerLost(err) }

// DeviceLost says whether an error is that a GPU does not answer any more.
func DeviceLost(err error) bool { return gpu.DeviceLost(err) }

// ShapesNotThere refuses samples of several shapes on workers on other machines whose devices have one shape at a time.
func ShapesNotThere() error { return machine.ShapesNotThere() }
