package backend

import (
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/metric"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// A device is where networks are compiled, data is resident and blocks are computed. What a trial is,
// which blocks of it run and from which cut, what is stored and when a trial may end: all that is
// above it, and the same on every device.
type device interface {
	// compile makes sessions of segments that follow on each other, or that each go to the network's end, and lanes that run
	// them. The models are not needed afterwards.
	compile(parts []*Segment, inputs []Tensor, lanes int) (compiled, error)
	// load makes one block of the network's inputs resident. samples are those of its slots, without
	// the padding; fill writes all slots of one input.
	load(inputs []Tensor, samples []int, fill func(input int, dst []byte) error) (block, error)
	// Close gives the device back, after all that was made on it.
	Close()
}

// compiled is a network on a device.
type compiled interface {
	// lanes that run it; each has buffers and a mask of its own, and nothing that one writes is seen
	// by another but what the store asks for.
	lanes() []lane
	// Close gives sessions and lanes back. It may be called more than once.
	Close()
}

// A lane runs blocks, one after another. Its methods other than do and spent are called inside do, and
// may put work into a queue: what they give is there once wait has returned.
type lane interface {
	// do runs f where the lane's work is done, on a device with a thread of its own there, and returns
	// its error.
	do(f func() error) error
	// wait ends when all that was asked for is done.
	wait() error
	// setMask writes a mask where the parts read it: the grids of holders, and the weights where these
	// follow the mask. What depends on the mask happens here, and nowhere else.
	setMask(m search.Mask) error
	// runPart computes one part of a block, or all that lies behind the cut in front of it: as the chain was compiled. The
	// buffers in front of it hold its other inputs.
	runPart(b block, part int) error
	// room is memory for the codes of one block of a tensor.
	room(t *storedTensor) (room, error)
	// encode keeps a tensor between two parts as codes on the grid that a mask chooses; decode gives the
	// same bits back.
	encode(t *storedTensor, m search.Mask, to room) error
	decode(t *storedTensor, m search.Mask, from room) error
	// judge applies the metric to the outputs of a block that has run to its end. The gain is written
	// before the next wait returns.
	judge(j *metric.Judge, b block, gain *bounds.Gain) error
	// rows are all values of a float output of the block that has run last, at once. They are the
	// caller's until the lane runs again.
	rows(output string) ([]float32, error)
	// front brings the samples of a block of an output in front, see fronts.
	front(block []float32, pieces, slots int) []float32
	// watchNaN has the FakeQuant nodes look for NaN in what they are given where nothing is demoted, or no
	// longer; then it says whether there was any since.
	watchNaN(on bool) (seen bool, err error)
	// codeSpeed is the seconds that a byte of codes takes, measured.
	codeSpeed() float64
	// spent is the time spent inside the runtime.
	spent() time.Duration
}

// A block is one block of resident inputs.
type block interface {
	// samples of its slots, without the padding.
	samples() []int
	Close()
}

// A room is memory of a device. Close is called outside do.
type room interface{ Close() }

// openDevice makes the device of the options.
func openDevice(o Options, records []quant.Record) (device, error) {
	if o.onCPU() {
		return &cpu{opts: o, holders: len(records), records: records}, nil
	}
	return openGPU(o, records)
}
