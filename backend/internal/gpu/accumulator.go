//go:build cuda

package gpu

import (
	"math/bits"
	"slices"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/cgo"
	"example.org/demote/cuda"
)

// tallyBlocks is the most blocks that are judged before the host fetches their bits.
const tallyBlocks = 64

// accumulator scores blocks where their outputs are, for a metric that counts hits of classes: a kernel leaves one
// bit a sample, and only these come down, in one copy for all blocks since the last look. Metrics that do not, and
// outputs whose samples lie in pieces, have them copied down.
type accumulator struct {
	bits    *cuda.Buffer[uint8]
	host    *cgo.Pinned
	launch  *cuda.Launch
	rows    int // of a full block
	used    int // bytes of bits that pending blocks fill
	pending []pending
}

// pending is a judged block whose bits lie on the device.
type pending struct {
	first, samples int // its byte, and its number of bits
	gain           *bounds.Gain
}

// Judge puts the metric's kernel into the stream.
func (l *lane) Judge(j *metric.Scorer, data device.Block, gain *bounds.Gain) error {
	b, t := data.(*block), &l.tally
	pieces, _ := j.Pieces()
	if j.Hits() == 0 || pieces > 1 || l.steps != nil && l.steps.Pieces > 1 {
		rows, err := device.OutputRows(l, j)
		if err == nil {
			*gain = j.Block(rows, b.slots)
		}
		return err
	}
	if t.launch == nil {
		if err := t.open(l, j); err != nil {
			return err
		}
	}
	if b.labels == nil {
		if err := b.label(j); err != nil {
			return err
		}
	}
	if len(t.pending) == tallyBlocks {
		if err := l.Wait(); err != nil {
			return err
		}
	}
	t.launch.SetAddress(0, t.bits.Address()+uintptr(t.used))
	t.launch.SetAddress(2, b.labels.Address())
	rows := t.rows
	if j.Judged() == 1 { // the padding is behind the samples, and not in each step
		rows = len(b.slots)
	}
	t.launch.Limit(3, rows)
	if err := t.launch.Run(l.g.stream); err != nil {
		return err
	}
	t.pending = append(t.pending, pending{t.used, rows, gain})
	t.used += (rows + 7) / 8
	return nil
}

// open makes the memory for bits and prepares the launch.
func (t *accumulator) open(l *lane, j *metric.Scorer) (err error) {
	t.rows = l.g.opts.Block * j.Judged()
	size := tallyBlocks * ((t.rows + 7) / 8)
	if t.bits, err = cuda.NewBuffer[uint8](l.g.d, "the samples' bits", size); err != nil {
		return err
	}
	if t.host, err = cgo.NewPinned(size); err != nil {
		return cuda.Explain(err)
	}
	labels, err := cuda.NewBuffer[int64](l.g.d, "labels", t.rows)
	if err != nil {
		return err
	}
	defer func() { _ = labels.Close() }()  // every block has its own, put in its place before a launch
	scores := l.buffers[j.Output()].floats // of the last step
	if j.Judged() > 1 {
		scores = l.steps.kept
	}
	t.launch = l.g.d.TopK(t.bits, scores, labels, t.rows, j.Row(), j.Hits())
	t.pending = make([]pending, 0, tallyBlocks)
	return nil
}

// label copies up what the metric compares the block's samples with: their labels, or the classes that
// the reference says, step by step. That of the padding is no class.
func (b *block) label(j *metric.Scorer) (err error) {
	slots, steps := b.g.opts.Block, j.Judged()
	list := slices.Repeat([]int64{-1}, slots*steps)
	for slot, sample := range b.slots {
		for step := range steps {
			list[step*slots+slot] = j.Wanted(sample*steps + step)
		}
	}
	labels, err := cuda.NewBuffer[int64](b.g.d, "labels", len(list))
	if err != nil {
		return err
	}
	if err := labels.Upload(b.g.stream, list); err != nil {
		_ = labels.Close()
		return err
	}
	b.labels = labels
	return nil
}

// fetch puts the copy of all pending bits into the stream.
func (l *lane) fetch() error {
	t := &l.tally
	if len(t.pending) == 0 {
		return nil
	}
	return t.bits.DownloadPinned(l.g.stream, t.host.Pointer(), t.used)
}

// settle counts the bits that have come down.
func (l *lane) settle() {
	t := &l.tally
	for _, p := range t.pending {
		g := bounds.Gain{}
		for i, b := range t.host.Bytes()[p.first : p.first+(p.samples+7)/8] {
			g.Count += bits.OnesCount8(b)
			for ; b != 0; b &= b - 1 {
				g.Hits.Set(8*i + bits.TrailingZeros8(b))
			}
		}
		g.Sum = float64(g.Count)
		*p.gain = g
	}
	t.pending, t.used = t.pending[:0], 0
}

func (t *accumulator) close() {
	_ = t.bits.Close()
	_ = t.host.Close()
	*t = accumulator{}
}
