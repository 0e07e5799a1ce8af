package backend

import (
	"context"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/metric"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// A kind is a kind of device: what it can, and how one is opened.
type kind struct {
	traits
	// Open opens a device. What runs on it ends, at the next node of a network, once the context is cancelled.
	Open func(ctx context.Context, o deviceOptions) (device, error)
}

// traits are what a kind of device can. One without any computes blocks in lanes, one after another in each; nothing but speed
// and memory is lost without the others.
type traits struct {
	Queue     bool // its one lane puts blocks into a queue, and is waited for once for several of them; the host's workers are of no use
	OwnMemory bool // samples and stored activations lie in memory of its own, which may be full while the machine's is not
	InOrder   bool // it adds up what a block gains as metric.Judge.Block does, bit for bit, and runs networks as written files are run
	MayRound  bool // it may compute with less than float32, and is asked for a proof that it does not
	Shapes    bool // networks of several shapes can be open at once, each with samples of its own
	Entries   bool // lanes enter a network at a cut, and take and leave codes where these are to lie: enter, leave, drop, same
	Optimizes bool // networks are optimized as a whole, and can be had so: optimize, improve
	Compares  bool // FakeQuant nodes tell whether both grids of a holder give the same bits: compare, agree
}

// deviceOptions say how a device computes.
type deviceOptions struct {
	Name    string         // of the device, such as cuda:0
	Records []quant.Record // by holder
	Block   int            // samples a block
	Threads int            // of the runtime, a lane
	Spin    bool           // the runtime's idle threads spin
	Stream  bool           // blocks are read when they are run, and are not kept
	Level   int            // optimization level of the runtime: 0, 1, 2 or 99
	Config  map[string]string
}

// A device is where networks are compiled, data is resident and blocks are computed. What a trial is, which blocks of it run and
// from which cut, what is stored and when a trial may end: all that is above it, and the same on every device. Embed baseDevice
// for what a device has not. devicetest.Run holds what is written here.
type device interface {
	// compile makes sessions of segments that follow on each other, or that each go to the network's end, and lanes that run
	// them. The models are not needed afterwards.
	compile(parts []*Segment, inputs []Tensor, lanes int) (compiled, error)
	// load makes one block of the network's inputs resident. samples are those of its slots, without
	// the padding; fill writes all slots of one input.
	load(inputs []Tensor, samples []int, fill func(input int, dst []byte) error) (block, error)
	// watch puts another context in the place of the one that ends what runs. No run may be under way.
	watch(ctx context.Context) error
	// recode brings the codes of a tensor from the grid that one mask chooses to that which another one does, for values that lie
	// on both, and says whether it can. It is called outside do.
	recode(t *StoredTensor, from, to search.Mask, codes room) bool
	// optimize is a model as the device runs it, with all optimizations.
	optimize(model []byte) ([]byte, error)
	// traffic is what the device has moved since it was opened.
	traffic() Traffic
	// Close gives the device back, after all that was made on it.
	Close()
}

// compiled is a network on a device.
type compiled interface {
	// lanes that run it; each has buffers and a mask of its own, and nothing that one writes is seen
	// by another but what the store asks for.
	lanes() []lane
	// narrow leaves some of the segments, where each goes to the network's end, and closes the others.
	narrow(chosen []int)
	// improve puts a model in the place of a segment's, which must be as optimize made it, if its outputs are the same bits on a
	// block under all masks, and if it is faster, by the least time of some runs.
	improve(part int, model []byte, b block, masks []search.Mask, runs int) (better bool, err error)
	// Close gives sessions and lanes back. It may be called more than once.
	Close()
}

// A lane runs blocks, one after another. Its methods other than do, spent and graphs are called inside do, and
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
	// runPart computes one part of a block, or all that lies behind the cut in front of it: as the network was compiled. The
	// buffers in front of it hold its other inputs.
	runPart(b block, part int) error
	// room is memory for the codes of one block of a tensor.
	room(t *StoredTensor) (room, error)
	// encode keeps a tensor between two parts as codes on the grid that a mask chooses; decode gives the
	// same bits back.
	encode(t *StoredTensor, m search.Mask, to room) error
	decode(t *StoredTensor, m search.Mask, from room) error
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
	// graphs says how many parts are replayed as one captured graph, as far as they have run, and why one of the others is not.
	graphs() (captured int, why string)
	// eachStep has the lane tell of every step of what runs next, until told is nil, and says whether samples have several. What the
	// runtime leaves unwritten ends no run before its last step meanwhile.
	eachStep(told func(step int, lost []string) error) bool

	// Of Entries: a run goes from a cut to the network's end. It reads the codes of the cut where these lie, and writes those of the
	// cuts behind it to where they are to lie, without a copy.

	// enter points the run at a part to the codes of a tensor that is alive in front of it.
	enter(part int, t *StoredTensor, codes room) error
	// leave points the run at a part to where it writes the codes of a tensor that it makes. Only the next run does.
	leave(part int, t *StoredTensor, to room) error
	// drop forgets what was left to the next run.
	drop()
	// same says whether two rooms hold equal codes.
	same(a, b room) bool

	// Of Compares: what a node is given since it was asked decides.

	// compare asks the holders' nodes anew.
	compare(holders []int)
	// agree says whether all that a holder's node was given since gives the same bits on both grids.
	agree(holder int) bool
}

// A block is one block of resident inputs.
type block interface {
	// samples of its slots, without the padding.
	samples() []int
	Close()
}

// A room is memory of a device. Close is called outside do.
type room interface{ Close() }
