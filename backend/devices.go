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

// Greet asks workers on other machines for their devices, all at once. Each says so, or there is an error in its place.
func Greet(ctx context.Context, list []Link) (said []DeviceInfo, errs []error) {
	return machine.Greet(ctx, list)
}

// FreeMemory is the memory of a GPU that can still be had, in bytes, by whatever process asks first.
func FreeMemory(name string) (int64, error) { return gpu.FreeMemory(name) }

// OutOfMemory says whether an error is that a GPU's memory is full, here or at a worker elsewhere. The evaluator must
// be closed then.
func OutOfMemory(err error) bool { return gpu.OutOfMemory(err) || errors.Is(err, link.ErrFull) }

// WorkerLost says whether an error is that a worker on another machine does not answer any more.
func WorkerLost(err error) bool { return machine.WorkerLost(err) }

// IsGone says whether the worker that a link leads to is known not to be there any more.
func IsGone(l Link) bool {
	g, is := l.(link.Ending)
	return is && g.Gone()
}

// Await waits for workers, where none is left of those that something was asked of, and returns links to at most so
// many. The error says why the search does not go on, and begins with what is said of the last worker.
func Await(ctx context.Context, l Late, most int, tell func(string), why error) ([]Link, error) {
	return machine.Await(ctx, l, most, tell, why)
}

// DeviceLost says whether an error is that a GPU does not answer any more.
func DeviceLost(err error) bool { return gpu.DeviceLost(err) }

// ShapesNotThere refuses samples of several shapes on workers on other machines whose devices have one shape at a time.
func ShapesNotThere() error { return machine.ShapesNotThere() }
