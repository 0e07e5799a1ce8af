package metric

import (
	"maps"
	"math"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/detect"
	"example.org/demote/mistake"
)

// perBox is how many numbers of an outcome stand for a box: its class, the bits of its score, and which of the overlaps
// it is right at, with those at which it does not count in the upper half. In front of them all stands the number of
// the sample, by which boxes of equal scores are ordered.
const perBox = 3

// boxOutcome is what a sample's row has come to.
func (j *Scorer) boxOutcome(m detect.Measure, row []float32, sample int) bounds.Outcome {
	list := m.Judge(detect.Image{Found: j.boxesOf(row), Wanted: j.boxes[sample]})
	o := append(make(bounds.Outcome, 0, 1+perBox*len(list)), int32(j.number(sample)))
	for _, b := range list {
		o = append(o, b.Class, int32(math.Float32bits(b.Score)), int32(uint32(b.Right)|uint32(b.Ignored)<<16))
	}
	return o
}

// judgedBoxes are the boxes of an outcome, and the number of its sample.
func judgedBoxes(o bounds.Outcome, list []detect.Judged) (number int, boxes []detect.Judged) {
	for at := 1; at < len(o); at += perBox {
		marks := uint32(o[at+2])
		list = append(list, detect.Judged{Class: o[at], Score: math.Float32frombits(uint32(o[at+1])), Right: uint16(marks), Ignored: uint16(marks >> 16)})
	}
	return int(o[0]), list
}

// boxLoss is about what a sample takes from the score, if all others are perfect: of each class the objects that are
// not found, or with a low score, and the score of what is falsely found, over the objects of the class.
func (j *Scorer) boxLoss(m detect.Measure, o bounds.Outcome, sample int) (loss float64) {
	_, list := judgedBoxes(o, nil)
	weight := func(class int32) float64 { return 1 / float64(max(1, j.objects[class])) }
	own := map[int32]int{}
	m.Count(j.boxes[sample], own)
	for class, n := range own {
		loss += weight(class) * float64(n)
	}
	for _, b := range list {
		for i := range m.Overlaps {
			share := weight(b.Class) * float64(b.Score) / float64(len(m.Overlaps))
			switch {
			case b.Ignored>>i&1 != 0:
			case b.Right>>i&1 != 0:
				loss -= share
			default:
				loss += share
			}
		}
	}
	return loss
}

// A boxFold makes mean average precision of outcomes. Its states are *boxState.
type boxFold struct {
	measure detect.Measure
	wanted  map[int32]int   // objects that count, by class
	own     []map[int32]int // those of each sample, by its number
}

// A boxState is the outcomes of one block, and the state before it.
type boxState struct {
	before *boxState
	block  []bounds.Outcome
	bytes  int // of all outcomes up to here
}

// newBoxFold adds up the objects of the judges' samples. The error says that none counts.
func newBoxFold(m detect.Measure, judges []*Scorer) (*boxFold, error) {
	f, samples := &boxFold{measure: m, wanted: map[int32]int{}}, 0
	for _, j := range judges {
		samples += j.samples
	}
	f.own = make([]map[int32]int, samples)
	for _, j := range judges {
		for sample, list := range j.boxes {
			own := map[int32]int{}
			m.Count(list, own)
			f.own[j.number(sample)] = own
			for class, n := range own {
				f.wanted[class] += n
			}
		}
	}
	all := 0
	for _, n := range f.wanted {
		all += n
	}
	if all == 0 {
		return nil, mistake.Errorf("metric %s: no labelled box counts: label some, or choose --metric map", judges[0].metric.Name)
	}
	return f, nil
}

// Add implements bounds.Fold.
func (f *boxFold) Add(s bounds.State, block []bounds.Outcome) bounds.State {
	next := &boxState{block: block}
	if s != nil {
		next.before = s.(*boxState)
		next.bytes = next.before.bytes
	}
	for _, o := range block {
		next.bytes += 4*len(o) + 24
	}
	return next
}

// collect puts the boxes of a state in order, and says of which objects nothing is known yet.
func (f *boxFold) collect(s bounds.State) (c detect.Collected, left map[int32]int) {
	c.Measure, left = f.measure, maps.Clone(f.wanted)
	if s == nil {
		return c, left
	}
	var list []detect.Judged
	for at := s.(*boxState); at != nil; at = at.before {
		for _, o := range at.block {
			number, boxes := judgedBoxes(o, list[:0])
			c.Add(number, boxes)
			list = boxes
			for class, n := range f.own[number] {
				left[class] -= n
			}
		}
	}
	return c, left
}

// Score implements bounds.Fold: of the objects of the state's own samples.
func (f *boxFold) Score(s bounds.State) float64 {
	c, left := f.collect(s)
	seen := map[int32]int{}
	for class, n := range f.wanted {
		seen[class] = n - left[class]
	}
	score, ok := c.Mean(seen, nil)
	if !ok {
		return 0
	}
	return score
}

// Upper implements bounds.Fold.
func (f *boxFold) Upper(s bounds.State) float64 {
	c, left := f.collect(s)
	upper, _ := c.Mean(f.wanted, left)
	return upper
}

// Bytes implements bounds.Fold.
func (f *boxFold) Bytes(s bounds.State) int { return s.(*boxState).bytes }

// Pack implements bounds.Fold: boxes are too many for a journal.
func (f *boxFold) Pack(bounds.State) []byte { return nil }

// Unpack implements bounds.Fold.
func (f *boxFold) Unpack([]byte) (bounds.State, bool) { return nil, false }
