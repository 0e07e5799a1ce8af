package device

import "example.org/demote/backend/metric"

// The samples of a block lie on one axis of each tensor, which need not be the first: [time, batch, n]. What goes
// into a block and comes out of it is then copied piece by piece, so that the network stays the user's: a Transpose
// beside it, which would move values alone, is what the runtime's optimizer merges with the matrix products behind
// it, and those then sum in another order.

// Pieces is how many pieces a sample of a block has, each of which lies as far from the next as all samples' pieces
// are long: the product of the dimensions in front of the samples' axis. It is 1 where that is the first, and where a
// block is one sample.
func (t Tensor) Pieces() int {
	if t.Alone || t.Axis <= 0 {
		return 1
	}
	return PiecesOf(t.Dims, t.Axis)
}

// PiecesOf is how many pieces a sample has in a tensor of these dimensions whose samples lie on an axis.
func PiecesOf(dims []int64, axis int) int { return product(dims[:min(max(axis, 0), len(dims))]) }

// Place copies a sample into one of the slots of a block, of whose memory it has so many pieces. Both are bytes of one
// element type; the block has room for slots samples, numbered from 0.
func Place(block, sample []byte, pieces, slot, slots int) {
	size := len(sample) / pieces
	for i := range pieces {
		copy(block[(i*slots+slot)*size:][:size], sample[i*size:][:size])
	}
}

// takeSlot copies one of the slots of a block, where a sample has so many pieces, to a place of its own: a piece
// behind the other.
func takeSlot(sample, block []float32, pieces, slot, slots int) {
	size := len(block) / (pieces * slots)
	for i := range pieces {
		copy(sample[i*size:(i+1)*size], block[(i*slots+slot)*size:])
	}
}

// SampleOf is the part of a block of a tensor that is one slot's: a piece of its memory, or new memory where it lies
// in pieces.
func SampleOf(block []float32, pieces, slot, slots int) []float32 {
	size := len(block) / slots
	if pieces == 1 {
		return block[slot*size : (slot+1)*size]
	}
	sample := make([]float32, size)
	takeSlot(sample, block, pieces, slot, slots)
	return sample
}

// A Fronts brings the samples of a block in front, in memory of its own. It is for one goroutine.
type Fronts struct{ spare []float32 }

// Front is a block with a sample's pieces behind each other, and the next sample's behind them, until it is called
// again.
func (f *Fronts) Front(block []float32, pieces, slots int) []float32 {
	if len(f.spare) != len(block) {
		f.spare = make([]float32, len(block))
	}
	size := len(block) / slots
	for slot := range slots {
		takeSlot(f.spare[slot*size:(slot+1)*size], block, pieces, slot, slots)
	}
	return f.spare
}

// OutputRows are the output's values of the block that a lane has run last, a sample's behind the other's. They are
// the caller's until the lane runs again, or is asked again.
//
// Of a scorer that reads several outputs a sample has one output's values behind another's, in memory that is new.
func OutputRows(l Lane, j *metric.Scorer) ([]float32, error) {
	if list := j.Several(); list != nil {
		return severalRows(l, j, list)
	}
	rows, err := l.Rows(j.Output())
	if err != nil {
		return nil, err
	}
	if pieces, slots := j.Pieces(); pieces > 1 {
		rows = l.Front(rows, pieces, slots)
	}
	return rows, nil
}

// severalRows are the rows of several outputs.
func severalRows(l Lane, j *metric.Scorer, list []metric.Output) ([]float32, error) {
	all, at, slots := make([]float32, j.Row()*list[0].Slots), 0, list[0].Slots
	for _, o := range list {
		block, err := l.Rows(o.Name)
		if err != nil {
			return nil, err
		}
		size := len(block) / slots
		for slot := range slots {
			takeSlot(all[slot*j.Row()+at:][:size], block, max(1, o.Pieces), slot, slots)
		}
		at += size
	}
	return all, nil
}
