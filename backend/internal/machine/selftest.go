package machine

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
	"example.org/demote/search"
)

// A Dependence is what the self-test found: a result that is not a function of mask and sample
// alone.
type Dependence struct {
	On       string // what it depends on: "a repeated run", "slot and neighbours", "the worker", "the cuts"
	Tensor   string // the first tensor that shows it
	Repeated bool   // not even the same run gives the same bits
}

// neighbours is what results depend on where samples of a block touch each other.
const neighbours = "slot and neighbours"

// Error says what the output depends on, in one line.
func (d *Dependence) Error() string {
	if d.Tensor == "" {
		return "the network's output depends on " + d.On
	}
	return fmt.Sprintf("the network's output depends on %s, from %s on", d.On, d.Tensor)
}

// SelfTest proves on the loaded network that a trial is a function of mask and sample: the same
// block run twice, the same samples in other slots with other neighbours, samples among copies of
// themselves, and every worker give the same bits, for no demotion, for all, and for every other
// holder. Before that, parts whose runs do not repeat are made in another way where a GPU knows one, and what it
// replays is held against plain runs. It returns what breaks the rule, or nil; then Bits has the digest of the first
// block's outputs.
func (e *Single) SelfTest() (*Dependence, error) {
	if err := e.settle(); err != nil {
		return nil, err
	}
	if err := e.checkReplays(); err != nil {
		return nil, err
	}
	shuffled, from, err := e.shuffledBlock()
	if err != nil {
		return nil, err
	}
	defer shuffled.Close()
	copies, err := e.copies()
	defer func() { closeCopies(copies) }()
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	for _, m := range e.probes() {
		if m.Count() > 0 && len(copies) > 1 { // what touches what is the network's affair, more than the mask's
			closeCopies(copies[1:])
			copies = copies[:1]
		}
		dep, err := e.testMask(m, shuffled, from, copies, h)
		if dep != nil || err != nil {
			return dep, err
		}
		if m.Len() == 0 {
			break
		}
	}
	e.bits = h.Sum(nil)
	return nil, nil
}

// mostHashed is how many values of the first block Bits is of, at most, under each mask, to cost less
// than a block.
const mostHashed = 1 << 20

// Bits implements Machine.
func (e *Single) Bits() []byte { return e.bits }

// testMask is the self-test under one mask. All lanes share in it: what one of them makes of the first block has to
// be what the others make of it, so any of them may run the blocks that are compared with it. Its outputs are added
// to h.
func (e *Single) testMask(m search.Mask, shuffled device.Block, from []int, copies []copied, h hash.Hash) (*Dependence, error) {
	t := e.newLaneTest(m)
	first, again := t.on(0, e.data.Blocks[0]), t.on(0, e.data.Blocks[0])
	var others []*laneRows
	for lane := 1; lane < len(e.chain.Lanes()); lane++ {
		others = append(others, t.on(lane, e.data.Blocks[0]))
	}
	mixed := t.any(shuffled)
	among := map[int]*laneRows{0: first}
	var alone []*laneRows
	for _, c := range copies {
		if among[c.among] == nil {
			among[c.among] = t.any(e.data.Blocks[c.among])
		}
		alone = append(alone, t.any(c.Block))
	}
	if err := t.run(); err != nil {
		return nil, err
	}
	if !device.SameBits(first.rows, again.rows) {
		return e.locate("a repeated run", m, shuffled, from)
	}
	for _, o := range others {
		if !device.SameBits(first.rows, o.rows) {
			return &Dependence{On: "the worker"}, nil
		}
	}
	row := e.judge.Length()
	for slot, src := range from {
		if src >= 0 && !device.SameBits(mixed.rows[slot*row:(slot+1)*row], first.rows[src*row:(src+1)*row]) {
			return e.locate(neighbours, m, shuffled, from)
		}
	}
	for i, c := range copies { // a sample gives the same bits among copies of itself, in every slot, as among others
		want := among[c.among].rows[c.slot*row : (c.slot+1)*row]
		for slot := range e.opts.Block {
			if !device.SameBits(alone[i].rows[slot*row:(slot+1)*row], want) {
				return e.locateIn(neighbours, m, e.data.Blocks[c.among], c.Block, slices.Repeat([]int{c.slot}, e.opts.Block))
			}
		}
	}
	hashBits(h, first.rows[:min(len(first.rows), mostHashed)])
	return nil, nil
}

// probingMasks is how many masks probes makes.
const probingMasks = 3

// probes are masks that try every grid, alone and beside others: of no demotion, all, and every other one.
func (e *Single) probes() []search.Mask {
	n := e.source.Holders()
	masks := []search.Mask{search.NewMask(n), search.NewMask(n), search.NewMask(n)}
	for i := range n {
		masks[1].Demote(i)
		if i%2 == 0 {
			masks[2].Demote(i)
		}
	}
	return masks
}

// rows runs one block from the start and copies its outputs.
func (e *Single) rows(l device.Lane, m search.Mask, data device.Block) (rows []float32, err error) {
	err = l.Do(func() error {
		if err := l.SetMask(m); err != nil {
			return err
		}
		for p := 0; p < len(e.chain.Parts); p = e.chain.Next(p) {
			if err := l.RunPart(data, p); err != nil {
				return err
			}
		}
		all, err := device.OutputRows(l, e.judge)
		rows = append([]float32(nil), all...)
		return err
	})
	return rows, err
}

// shuffledBlock holds the first block's samples in other slots; every third slot has a sample of
// the last block instead. from says which slot of the first block a slot's sample is from; -1: of
// another block.
func (e *Single) shuffledBlock() (data device.Block, from []int, err error) {
	size := e.opts.Block
	first, last := e.data.SamplesOf(0), e.data.SamplesOf(e.data.Len()-1)
	samples := make([]int, size)
	for slot := range size {
		src := size - 1 - slot
		from = append(from, src)
		of := first
		if slot%3 == 1 && e.data.Len() > 1 {
			of, from[slot] = last, -1
		}
		if src >= len(of) {
			src = 0 // the padding
		}
		samples[slot] = of[src]
	}
	data, err = store.LoadBlock(e.device, e.from, e.inputs, size, samples)
	return data, from, err
}

// locate names the first tensor that shows a dependence, by running the network with all its
// tensors as outputs.
func (e *Single) locate(on string, m search.Mask, shuffled device.Block, from []int) (*Dependence, error) {
	return e.locateIn(on, m, e.data.Blocks[0], shuffled, from)
}

// locateIn is locate for any block and another with its samples elsewhere: from says in which slot of the first each
// is.
func (e *Single) locateIn(on string, m search.Mask, one, two device.Block, from []int) (*Dependence, error) {
	d := &Dependence{On: on, Repeated: on == "a repeated run"}
	p, err := e.openProbe()
	if err != nil {
		return d, nil // the dependence itself is what matters
	}
	defer p.Close()
	first, err := p.run(m, one)
	if err != nil {
		return d, nil
	}
	var other [][]float32
	if on == "a repeated run" {
		from = nil
		other, err = p.run(m, one)
	} else {
		other, err = p.run(m, two)
	}
	if err != nil {
		return d, nil
	}
	for i, t := range p.segment.Outputs {
		if t.Type != device.Float32 || !e.rowsOf(t) || other[i] == nil || first[i] == nil {
			continue
		}
		for slot := range e.opts.Block {
			src := slot
			if from != nil {
				if src = from[slot]; src < 0 {
					continue
				}
			}
			if !device.SameBits(e.rowIn(t, other[i], slot), e.rowIn(t, first[i], src)) {
				d.Tensor = t.Name
				return d, nil
			}
		}
	}
	return d, nil
}
