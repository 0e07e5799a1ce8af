package device

import (
	"context"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/metric"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// A Kind is a kind of device: what it can, and how one is opened.
type Kind struct {
	Traits
	// Open opens a device. What runs on it ends, at the next node of a network, once the context is cancelled.
	Open func(ctx context.Context, o Options) (Device, error)
}

// Traits are what a kind of device can. One without any computes blocks in lanes, one after another in each; nothing
// but speed and memory is lost without the others.
type Traits struct {
	// its one lane puts blocks into a queue, and the host goes on meanwhile: Mark, Reach; the host's workers are of no
	// use
	Queue bool
	// samples and stored activations lie in memory of its own, which may be full while the machine's is not
	OwnMemory bool
	// it adds up what a block gains as metric.Scorer.Block does, bit for bit, and runs networks as written files are
	// run
	InOrder  bool
	MayRound bool // it may compute with less than float32, and is asked for a proof that it does not
	Shapes   bool // networks of several shapes can be open at once, each with samples of its own
	// lanes enter a network at a cut, and take and leave codes where these are to lie: Enter, Leave, Drop, Same
	Entries bool
	// entries take and leave values, which lanes make of codes and codes of: Source.Behind; else Source.Coded
	Values    bool
	Optimizes bool // networks are optimized as a whole, and can be had so: Optimize, Improve
	Replays   bool // lanes capture the run of a part once and replay it: Graphs, Plainly, Abandon
	Fuses     bool // its FakeQuant does what stands in front of it: attribute clip, FakeQuantOf
	Settles   bool // parts can be made in another way if their runs do not repeat: Settle, Settled
	Integers  bool // Rows of an int32 or int64 output are its numbers as float32
	Halves    bool // FakeQuant nodes know bfloat16, see quant.BF16
	Compares  bool // FakeQuant nodes tell whether both grids of a holder give the same bits: Compare, Agree
}

// Options say how a device computes.
type Options struct {
	Name    string         // of the device, such as cuda:0
	Records []quant.Record // by holder
	Block   int            // samples a block, above 0
	Threads int            // of the runtime, a lane, above 0
	Spin    bool           // the runtime's idle threads spin
	Stream  bool           // blocks are read when they are run, and are not kept
	// graph optimization level of the runtime, by the numbers of GraphOptimizationLevel in its C API: 0 none, 1
	// basic, 2 extended, 99 all
	Level  int
	Config map[string]string // entries of the runtime's session configuration, such as session.disable_quant_qdq
	// is called behind each session that is made, each block that is loaded and each part that has run, from any
	// goroutine: something goes on; nil: nobody is
	Step func()
}

// Stepped says that something has been done.
func (o Options) Stepped() {
	if o.Step != nil {
		o.Step()
	}
}

// A Device is where networks are compiled, data is resident and blocks are computed. What a trial is, which blocks of
// it run and from which cut, what is stored and when a trial may end: all that is above it, and the same on every
// device. Embed Base for what a device has not. devicetest.Run holds what is written here.
//
// What a device computes must be a function of the network, the mask and the block, bit for bit, whichever lane runs
// it and whatever ran before. Networks, blocks and rooms are closed by who asked for them, before the device; a
// method that fails leaves nothing to close. Its own methods are for one goroutine at a time, those of different
// lanes may run at once.
type Device interface {
	// Compile makes sessions of segments that follow on each other, or that each go to the network's end, and lanes
	// that run them. The models are not needed afterwards.
	Compile(parts []*Segment, inputs []Tensor, lanes int) (Network, error)
	// Load makes one block of the network's inputs resident. samples are those of its slots, without
	// the padding; fill writes all slots of one input to dst, of Tensor.Bytes bytes for each step, little-endian, and
	// is called once an input, before Load returns, or whenever the block is run with Options.Stream.
	Load(inputs []Tensor, samples []int, fill func(input int, dst []byte) error) (Block, error)
	// Watch puts another context in the place of the one that ends what runs. No run may be under way.
	Watch(ctx context.Context) error
	// Recode brings the codes of a tensor from the grid that one mask chooses to that which another one does, for
	// values that lie on both, and says whether it can. It is called outside Do.
	Recode(t *StoredTensor, from, to search.Mask, codes Room) bool
	// Optimize saves a model as the device runs it, with all optimizations, in a folder, and returns the file, beside
	// which its large weights may lie.
	Optimize(model Model, folder string) (path string, err error)
	// Traffic is what the device has moved since it was opened.
	Traffic() Traffic
	// Close gives the device back, after all that was made on it.
	Close()
}

// Network is a network on a device.
type Network interface {
	// Lanes that run it; each has buffers and a mask of its own, and nothing that one writes is seen
	// by another but what the store asks for.
	Lanes() []Lane
	// Narrow leaves some of the segments, where each goes to the network's end, and closes the others.
	Narrow(chosen []int)
	// Improve puts a model in the place of a segment's, which must be as Optimize made it, if its outputs are the
	// same bits on a block under all masks, and if it is faster, by the least time of some runs.
	Improve(part int, model Model, b Block, masks []search.Mask, runs int) (better bool, err error)
	// Close gives sessions and lanes back. It may be called more than once.
	Close()
}

// Marks is how many marks a lane's queue takes, see Lane.Mark: blocks that run while the host looks at one.
const Marks = 4

// A Lane runs blocks, one after another. Its methods other than Do, Spent, Graphs, Plainly, Abandon and Remark are
// called inside Do, and may put work into a queue: what they give is there once Wait has returned.
type Lane interface {
	// Do runs f where the lane's work is done, on a device with a thread of its own there, and returns
	// its error.
	Do(f func() error) error
	// Wait ends when all that was asked for is done.
	Wait() error
	// Mark puts a mark behind all that was asked for, and Reach ends when what is in front of the oldest mark that was
	// not reached yet is done: a lane goes on with what is behind it. There are up to Marks marks at once.
	Mark() error
	Reach() error
	// SetMask writes a mask where the parts read it: the grids of holders, and the weights where these
	// follow the mask. What depends on the mask happens here, and nowhere else.
	SetMask(m search.Mask) error
	// RunPart computes one part of a block, or all that lies behind the cut in front of it: as the network was
	// compiled. The buffers in front of it hold its other inputs, and an entry that was not pointed to codes takes
	// any, to be timed. The error is an UnwrittenError where the runtime leaves an output unwritten, and the
	// context's where that has ended the run.
	RunPart(b Block, part int) error
	// Room is memory for the codes of one block of a tensor.
	Room(t *StoredTensor) (Room, error)
	// Encode keeps a tensor between two parts as codes on the grid that a mask chooses; Decode gives the
	// same bits back.
	Encode(t *StoredTensor, m search.Mask, to Room) error
	Decode(t *StoredTensor, m search.Mask, from Room) error
	// Judge applies the metric to the outputs of a block that has run to its end. The gain is written
	// before the next Wait returns, or the Reach of a mark behind it.
	Judge(j *metric.Scorer, b Block, gain *bounds.Gain) error
	// Rows are all values of a float output of the block that has run last, at once. They are the
	// caller's until the lane runs again.
	Rows(output string) ([]float32, error)
	// Front brings the samples of a block of an output in front, see Fronts.
	Front(block []float32, pieces, slots int) []float32
	// WatchNaN has the FakeQuant nodes look for NaN in what they are given where nothing is demoted, or no
	// longer; then it says whether there was any since.
	WatchNaN(on bool) (seen bool, err error)
	// CodeSpeed is the seconds that a byte of codes takes, measured.
	CodeSpeed() float64
	// Spent is the time spent inside the runtime.
	Spent() time.Duration
	// Graphs says how many parts are replayed as one captured graph, as far as they have run, and why one of the
	// others is not.
	Graphs() (captured int, why string)
	// Plainly has parts run without what was captured from now on, or with it again.
	Plainly(on bool)
	// Abandon has parts run plainly for good; Graphs says why.
	Abandon(why string)
	// Settle runs the part that has run last again, plainly. If the bits of its outputs are others, the part is made
	// in another way, until they repeat or there is no other; Settled ends that, and gives back what it needs.
	Settle(part int) error
	Settled()
	// Remark is what there is to say of how the parts run, as far as they have run; "" is nothing.
	Remark() string
	// EachStep has the lane tell of every step of what runs next, until told is nil, and says whether samples have
	// several. What the runtime leaves unwritten ends no run before its last step meanwhile.
	EachStep(told func(step int, lost []string) error) bool

	// Of Entries: a run goes from a cut to the network's end. It reads the codes of the cut where these lie, and
	// writes those of the cuts behind it to where they are to lie, without a copy; with Values, what the run reads is
	// made of the codes in front of it, and the codes of what it makes behind it. All are on the grids of the mask
	// that is set. A run of values whose part was not entered goes on from those that the one before has left.

	// Enter points the run at a part to the codes of a tensor that is alive in front of it.
	Enter(part int, t *StoredTensor, codes Room) error
	// Leave points the run at a part to where it writes the codes of a tensor that it makes. Only the next run does.
	Leave(part int, t *StoredTensor, to Room) error
	// Drop forgets what was left to the next run.
	Drop()
	// Same says whether two rooms hold equal codes.
	Same(a, b Room) bool

	// Of Compares: what a node is given since it was asked decides.

	// Compare asks the holders' nodes anew.
	Compare(holders []int)
	// Agree says whether all that a holder's node was given since gives the same bits on both grids.
	Agree(holder int) bool
}

// A Block is one block of resident inputs.
type Block interface {
	// Samples of its slots, without the padding: numbers among those of the device.Samples that it was filled from.
	// The block owns the slice.
	Samples() []int
	// Close gives its memory back. No lane may be running it.
	Close()
}

// A Room is memory of a device for the codes of one block of a tensor, StoredTensor.CodeBytes of them. Close is
// called outside Do.
type Room interface{ Close() }
