package bounds

import "example.org/demote/search"

// OutcomeSamples is the most samples that a block may have for outcomes to be kept.
const OutcomeSamples = 256

// HitBits are the outcomes of the samples of a block: bit i%64 of word i/64 is sample i, 1 if it counts.
type HitBits [OutcomeSamples / 64]uint64

// Set enters that a sample counts. One beyond OutcomeSamples is left out.
func (b *HitBits) Set(slot int) {
	if slot < OutcomeSamples {
		b[slot/64] |= 1 << (slot % 64)
	}
}

// Hits are the outcomes of a trial, a bit for each sample in the order of the layout, 1 if it counts. The copies of a
// trial's progress share them. Since what a block gains is a function of mask and block, whoever adds one writes the
// same bits.
type Hits struct {
	rule *Rule
	bits []uint64
}

// set enters what a block gains; nil keeps nothing.
func (h *Hits) set(block int, g Gain) {
	if h == nil {
		return
	}
	first := h.rule.total() - h.rule.left[block]
	for i := range h.rule.Sizes[block] {
		if g.Hits[i/64]>>(i%64)&1 == 1 {
			h.Set(first + i)
		}
	}
}

// At tells whether the sample at a position of the layout counts.
func (h *Hits) At(position int) bool { return h.bits[position/64]>>(position%64)&1 == 1 }

// Set enters that it does.
func (h *Hits) Set(position int) { h.bits[position/64] |= 1 << (position % 64) }

// hitsAtOnce is how many outcomes are allocated at once, so that a trial allocates nothing, nearly always; hitsBytes is
// how many bytes they take at most.
const (
	hitsAtOnce = 512
	hitsBytes  = 256 << 10
)

// NewHits returns outcomes of which none counts, or nil where outcomes are not kept.
func (e *Evaluator) NewHits() *Hits {
	if !e.rule.Outcomes {
		return nil
	}
	if len(e.unused) == 0 {
		words := (e.rule.total() + 63) / 64
		n := max(1, min(hitsAtOnce, hitsBytes/(8*max(1, words))))
		bits := make([]uint64, n*words)
		e.unused = make([]Hits, n)
		for i := range e.unused {
			e.unused[i] = Hits{e.rule, bits[i*words : (i+1)*words : (i+1)*words]}
		}
	}
	h := &e.unused[0]
	e.unused = e.unused[1:]
	return h
}

// begun is the progress of a trial that is about to run: at its beginning with room for outcomes, where these are
// kept. A trial that an earlier program has begun without them goes on without.
func (e *Evaluator) begun(p Progress) Progress {
	if p.Blocks == 0 && p.Hits == nil {
		p.Hits = e.NewHits()
	}
	return p
}

// KnownHits returns the outcomes of a mask that was scored in full, or nil if they are not kept. They are the
// evaluator's own: read only.
func (e *Evaluator) KnownHits(mask search.Mask) *Hits {
	h, _ := e.hits.Get(mask)
	return h
}

// RestoreHits enters the outcomes of a mask whose full score Restore has entered: those of NewHits, filled in.
func (e *Evaluator) RestoreHits(mask search.Mask, h *Hits) { e.hits.Put(mask, h) }

// Relaid has lay put the samples into another order, and the outcomes that are known into the new order's places:
// before it they are packed, in an order of their own, and after it unpacked.
func (e *Evaluator) Relaid(pack func(*Hits) []byte, lay func() error, unpack func([]byte) *Hits) error {
	packed := make(map[string][]byte, e.hits.Len())
	for key, h := range e.hits.entries {
		packed[key] = pack(h)
	}
	if err := lay(); err != nil {
		return err
	}
	for key, p := range packed {
		e.hits.entries[key] = unpack(p)
	}
	return nil
}

// EachKnown calls whole for every full score and part for every unfinished trial that the evaluator knows, in no
// order, until one returns an error, which it returns. Masks have so many holders, and are the callee's.
func (e *Evaluator) EachKnown(holders int, whole func(search.Mask, search.Score) error, part func(search.Mask, Progress) error) error {
	for key, score := range e.memo.entries {
		if err := whole(search.MaskOfKey(holders, key), score); err != nil {
			return err
		}
	}
	for key, p := range e.partial.entries {
		if err := part(search.MaskOfKey(holders, key), p); err != nil {
			return err
		}
	}
	for key, p := range e.earlier.entries {
		if _, further := e.partial.entries[key]; further {
			continue
		}
		if err := part(search.MaskOfKey(holders, key), p); err != nil {
			return err
		}
	}
	return nil
}

// FromGains returns the score of a trial whose samples gain what gain says of their positions in the layout, added as a
// machine adds them. ok is false if gain is not known of one of them, or the score is not a sum.
func (e *Evaluator) FromGains(gain func(position int) (float64, bool)) (score search.Score, ok bool) {
	if e.rule.Kind != Mean {
		return score, false
	}
	var p Progress
	position := 0
	for _, samples := range e.rule.Sizes {
		var g Gain
		for range samples {
			one, known := gain(position)
			if !known {
				return score, false
			}
			g.Sum += one
			position++
		}
		p = e.rule.add(p, g)
	}
	return e.rule.score(p), true
}
