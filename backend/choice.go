package backend

// DeviceCPU is the name of the device that every machine has.
const DeviceCPU = "cpu"

// queueLooks is the number of blocks that a queue is given between two looks at the bound: a look waits for the
// device, a block too many costs its time.
const queueLooks = 4

// looks is the number of blocks that are run before their gains are looked at. Without a queue that is one: where there are more
// workers, they run ahead.
func (can traits) looks() int {
	if can.Queue {
		return queueLooks
	}
	return 1
}

// KindOf is the kind of device of a name, as --device has it. Whether there is one of it is another question.
func KindOf(device string) kind {
	if device == "" || device == DeviceCPU {
		return cpuKind
	}
	return gpuKind
}

// Traffic is what the evaluator's device has moved so far.
func (e *Evaluator) Traffic() Traffic {
	if e.device == nil { // of several shapes
		return Traffic{}
	}
	return e.device.traffic()
}

// Graphs says how many of the evaluator's parts a GPU replays as one captured graph, as far as they have run, and why one of
// the others is not; 0 and "" on the CPU.
func (e *Evaluator) Graphs() (captured int, why string) {
	if e.shapes != nil {
		return 0, ""
	}
	return e.chain.lanes()[0].graphs()
}
