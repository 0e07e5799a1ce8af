package device

// A Source hands out the network with its shapes fixed to one block size. Cut 0 is the network's input, cut Cuts()-1
// its output; the cuts between them are tensors on which everything behind depends alone, but for inputs of the
// network, which a segment reads wherever it needs them. Embed SourceBase for what it has not.
//
// The caller owns the segments and models that it is handed, and asks for them one at a time. Models are made when they
// are asked for, and may be as large as the network.
type Source interface {
	// Holders is the number of holders of a mask; 0: the network has none, and is run as it is.
	Holders() int
	// Inputs are the network's own, whichever of its segments reads them first, in the order of Samples.
	Inputs() []Tensor
	// Cuts is the number of cuts, at least 2.
	Cuts() int
	// Segment is the network between two cuts, 0 <= from < to < Cuts().
	Segment(from, to int) (*Segment, error)
	// Stored describes how the tensors of a cut lie on grids, so that they can be kept as codes: all that is alive at
	// the cut, but for inputs of the network.
	Stored(cut int) []StoredTensor
	// Coded hands out entries into the network, where that can be. optimize is Device.Optimize, from whose
	// model they are taken and which leaves them as they are; nil: from the network as it is.
	Coded(optimize func(model Model) (path string, err error)) (Entries, error)
	// Behind is the network from a cut to its end. It takes the values of the cut, and leaves those of later ones
	// that it makes: Segment.Taken, Segment.Left.
	Behind(from int, later []int) (*Segment, error)
	// Blocked is a segment with its FakeQuant nodes inside the layout that the runtime chooses when it optimizes,
	// where that can be. It is not optimized any more.
	Blocked(from, to int, optimize func(model Model) (path string, err error)) (Model, error)
	// Direct are, by input, the holders that are given it as it is, or the float32 that are made of its bytes
	// (FloatSamples), and nothing else; nil: it is not known.
	Direct() [][]int
	// Probe is the whole network with every tensor as an output, for naming the first one that
	// is wrong; names are in computing order.
	Probe() (*Segment, error)
}

// A StoredTensor is a tensor of a cut and the holder on whose grid its values lie; -1 if on none.
type StoredTensor struct {
	Tensor
	Holder int
	Coded  bool // what is run gives and takes its codes, and not its values
}

// CodeBytes is what the codes of one block take: two bytes an element on a grid, of 8 as of 16 bits, the element's own
// size elsewhere, rounded up to a multiple of 64, a line of a processor's cache.
func (t StoredTensor) CodeBytes() int {
	size := t.Type.Size()
	if t.Holder >= 0 {
		size = 2
	}
	return (t.Elems()*size + 63) &^ 63
}

// Values are entries into a source's network that hand over values.
func Values(src Source) Entries { return values{src} }

type values struct{ Source }

// Entry implements Entries.
func (v values) Entry(from int, later []int) (*Segment, error) { return v.Behind(from, later) }

// Entries hand out a network from each of its cuts, those of its Source, to its end. A run that begins at a cut is
// handed the codes of what is alive there, and leaves those of later cuts behind on the way; see Values, too.
type Entries interface {
	// Entry is the network from a cut on. It can leave the codes of later cuts, without those that it takes.
	Entry(from int, later []int) (*Segment, error)
	// Stored describes the tensors of a cut, with those whose codes an entry takes and leaves marked Coded.
	Stored(cut int) []StoredTensor
}
