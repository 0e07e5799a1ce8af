//go:build cuda

package gpu

import (
	"math/bits"
	"runtime"
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
// bit a sample, and only these come down, in one copy for all blocks since the last mark. Metrics that do not, and
// outputs whose samples lie in pieces, have them copied down.
type accumulator struct {
	bits   *cuda.Buffer[uint8] // of the blocks since the last mark: a copy is behind those in front of it
	launch *cuda.Launch
	rows   int // of a full block
	// in turn: one for the blocks since the last mark, the others for marks under way
	tallies [device.Marks + 1]tally
	at      int // of tallies
	marks   int // under way
}

// tally has the bits of the blocks between two marks.
type tally struct {
	host    *cgo.Pinned
	reached *cuda.Event // behind the copy to host
	used    int         // bytes of bits that pending blocks fill
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
	if len(t.tallies[t.at].pending) == tallyBlocks {
		if err := l.Wait(); err != nil {
			return err
		}
	}
	n := &t.tallies[t.at]
	t.launch.SetAddress(0, t.bits.Address()+uintptr(n.used))
	t.launch.SetAddress(2, b.labels.Address())
	rows := t.rows
	if j.Judged() == 1 { // the padding is behind the samples, and not in each step
		rows = len(b.slots)
	}
	t.launch.Limit(3, rows)
	if err := t.launch.Run(l.g.stream); err != nil {
		return err
	}
	n.pending = append(n.pending, pending{n.used, rows, gain})
	n.used += (rows + 7) / 8
	return nil
}

// open makes the memory for bits and prepares the launch.
func (t *accumulator) open(l *lane, j *metric.Scorer) (err error) {
	t.rows = l.g.opts.Block * j.Judged()
	size := tallyBlocks * ((t.rows + 7) / 8)
	if t.bits, err = cuda.NewBuffer[uint8](l.g.d, "the samples' bits", size); err != nil {
		return err
	}
	for i := range t.tallies {
		if t.tallies[i].host, err = cgo.NewPinned(size); err != nil {
			return cuda.Explain(err)
		}
		t.tallies[i].pending = make([]pending, 0, tallyBlocks)
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

// prepare makes the events of marks, on the worker's thread.
func (t *accumulator) prepare(d *cuda.Device) (err error) {
	for i := range t.tallies {
		if t.tallies[i].reached, err = d.NewEvent(); err != nil {
			return err
		}
	}
	return nil
}

// Mark puts the copy of the bits since the last mark into the stream, and an event behind it.
func (l *lane) Mark() error {
	t := &l.tally
	if err := l.fetch(); err != nil {
		return err
	}
	if err := t.tallies[t.at].reached.Record(l.g.stream); err != nil {
		return err
	}
	t.at, t.marks = (t.at+1)%len(t.tallies), t.marks+1
	return nil
}

// Reach asks for the event of the oldest mark until it is there, and hands out what the blocks in front of it have
// gained. The stream is not waited for: the device goes on.
func (l *lane) Reach() error {
	t := &l.tally
	n := &t.tallies[(t.at-t.marks+len(t.tallies))%len(t.tallies)]
	t.marks--
	for {
		done, err := n.reached.Done()
		if err != nil {
			t.forget()
			return err
		}
		if done {
			n.settle()
			return nil
		}
		runtime.Gosched()
	}
}

// fetch puts the copy of the bits since the last mark into the stream.
func (l *lane) fetch() error {
	n := &l.tally.tallies[l.tally.at]
	if len(n.pending) == 0 {
		return nil
	}
	return l.tally.bits.DownloadPinned(l.g.stream, n.host.Pointer(), n.used)
}

// settle counts the bits that have come down.
func (n *tally) settle() {
	for _, p := range n.pending {
		g := bounds.Gain{}
		for i, b := range n.host.Bytes()[p.first : p.first+(p.samples+7)/8] {
			g.Count += bits.OnesCount8(b)
			for ; b != 0; b &= b - 1 {
				g.Hits.Set(8*i + bits.TrailingZeros8(b))
			}
		}
		g.Sum = float64(g.Count)
		*p.gain = g
	}
	n.pending, n.used = n.pending[:0], 0
}

// forget gives up what has not come down, after an error: nobody waits for these gains any more.
func (t *accumulator) forget() {
	for i := range t.tallies {
		t.tallies[i].pending, t.tallies[i].used = t.tallies[i].pending[:0], 0
	}
}

func (t *accumulator) close() {
	_ = t.bits.Close()
	for i := range t.tallies {
		_ = t.tallies[i].host.Close()
		_ = t.tallies[i].reached.Close()
	}
	*t = accumulator{}
}
