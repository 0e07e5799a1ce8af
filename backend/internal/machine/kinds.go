package machine

import (
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/cpu"
	"example.org/demote/backend/internal/gpu"
)

// DeviceCPU is the name of the device that every machine has.
const DeviceCPU = "cpu"

// servedLooks is the number of blocks that a queue is given between two looks at the bound where a metric server
// judges: it judges them while the device goes on.
const servedLooks = 4

// looks is the number of blocks that are run before their gains are looked at. Where no server is asked of a queue that
// is one: other workers run ahead, a queue goes on behind its marks, and outputs that the host judges are waited for
// anyhow.
func looks(can device.Traits, served bool) int {
	if can.Queue && served {
		return servedLooks
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
