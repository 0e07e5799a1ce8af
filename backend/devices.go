package backend

import (
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/cpu"
	"example.org/demote/backend/internal/gpu"
)

// DeviceCPU is the name of the device that every machine has.
const DeviceCPU = "cpu"

// queueLooks is the number of blocks that a queue is given between two looks at the bound: a look waits for the
// device, a block too many costs its time.
const queueLooks = 4

// looks is the number of blocks that are run before their gains are looked at. Without a queue that is one: where there are more
// workers, they run ahead.
func looks(can device.Traits) int {
	if can.Queue {
		return queueLooks
	}
	return 1
}

// KindOf is the kind of device of a name, as --device has it. Whether there is one of it is another question.
func KindOf(device string) device.Kind {
	if device == "" || device == DeviceCPU {
		return cpu.Kind
	}
	return gpu.Kind
}

// Traffic is what the evaluator's device has moved so far.
func (e *Evaluator) Traffic() device.Traffic {
	if e.device == nil { // of several shapes
		return device.Traffic{}
	}
	return e.device.Traffic()
}

// Graphs says how many of the evaluator's parts a GPU replays as one captured graph, as far as they have run, and why one of
// the others is not; 0 and "" on the CPU.
func (e *Evaluator) Graphs() (captured int, why string) {
	if e.shapes != nil {
		return 0, ""
	}
	return e.chain.Lanes()[0].Graphs()
}

// WithCUDA says whether this program was built for GPUs.
const WithCUDA = gpu.WithCUDA

// GPUs lists the GPUs in the driver's order, those that cannot be used with the reason; none in a program built for the CPU.
// OpenRuntime comes first.
func GPUs() ([]DeviceInfo, error) { return gpu.List() }

// CheckGPU describes a GPU by its name and says whether a search can run on it. No other GPU is touched.
func CheckGPU(name string) (DeviceInfo, error) { return gpu.Check(name) }

// FreeMemory is the memory of a GPU that can still be had, in bytes.
func FreeMemory(name string) (int64, error) { return gpu.FreeMemory(name) }

// OutOfMemory says whether an error is that a GPU's memory is full. The evaluator must be closed then.
func OutOfMemory(err error) bool { return gpu.OutOfMemory(err) }

// DeviceLost says whether an error is that a GPU does not answer any more.
func DeviceLost(err error) bool { return gpu.DeviceLost(err) }
