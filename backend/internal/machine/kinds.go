package machine

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

// looks is the number of blocks that are run before their gains are looked at. Without a queue that is one: where
// there are more workers, they run ahead.
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
