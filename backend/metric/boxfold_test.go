package metric

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/detect"
	"example.org/demote/mistake"
	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// boxesAt are the most objects of a sample of a puzzle, and twice as many boxes are found.
const boxesAt = 3

// boxPuzzle has objects of some classes, crowds among them, and boxes of few scores, so that many are equal: on an
// object where the table is right, beside it or of another class where it is wrong, and anywhere; some scores are NaN.
func boxPuzzle(rng *rand.Rand, name string, t *searchtest.Table) *puzzle {
	classes, samples := 1+rng.IntN(3), max(1, t.Samples/boxesAt)
	own := LabelArray{Name: "boxes", Descr: "<f4", Dims: []int64{5}, Offsets: []int64{0}}
	crowd := LabelArray{Name: "crowd", Descr: "|u1"}
	for sample := range samples {
		n := rng.IntN(boxesAt + 1)
		if sample == 0 {
			n = boxesAt
		}
		for k := range n {
			x, y := float32(200*k), float32(rng.IntN(20))
			side := float32([]int{20, 60, 150}[rng.IntN(3)]) // small, medium and large
			for _, v := range []float32{x, y, x + side, y + side, float32(rng.IntN(classes))} {
				own.Data = binary.LittleEndian.AppendUint32(own.Data, math.Float32bits(v))
			}
			crowd.Data = append(crowd.Data, byte(rng.IntN(5)/4))
		}
		own.Offsets = append(own.Offsets, own.Offsets[sample]+int64(n))
	}
	crowd.Data[0], crowd.Offsets = 0, own.Offsets
	wanted, err := wantedBoxes([]LabelArray{own, crowd}, samples)
	if err != nil {
		panic(err)
	}
	m := yolo(name, detect.Boxes)
	j := NewScorer(m, Truth{Own: []LabelArray{own, crowd}}, samples)
	j.Read(Output{Name: "y", Dims: []int64{2, 2 * boxesAt, 6}, Slots: 2})
	return newPuzzle(rng, j, t, func(mask search.Mask, sample int) (row []float32) {
		for k := range boxesAt {
			at := min(t.Samples-1, sample*boxesAt+k)
			margin := math.Abs(t.Margin(mask, at))
			score := float32(1+int(margin*1e4)%5) / 8
			box := []float32{10, 10, 30, 30, score, float32(int(margin*1e5) % classes)}
			if k < len(wanted[sample]) {
				w := wanted[sample][k]
				off := float32(0)
				if !t.Correct(mask, at) {
					off = float32(int(margin*1e6)%10) * float32(w.W) / 12
				}
				box = []float32{float32(w.X) + off, float32(w.Y), float32(w.X+w.W) + off, float32(w.Y + w.H), score, float32(w.Class)}
			}
			if int(margin*1e7)%9 == 0 {
				box[4] = float32(math.NaN())
			}
			row = append(row, box...)
			row = append(row, 500, 500, 520+float32(int(margin*1e3)%50), 530, score/2, box[5])
		}
		return row
	})
}

// TestBoxUpper holds that no mean precision is above the bound, whatever is found in the samples that are left, and
// that with every object found there and nothing else it is the bound.
func TestBoxUpper(t *testing.T) {
	below := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 94))
		table := searchtest.NewTable(rng, 3, 9+rng.IntN(60), 1.5)
		p := boxPuzzle(rng, "map", table)
		fold := p.rule.Fold
		mask := search.NewMask(3)
		mask.Demote(rng.IntN(3))
		samples := p.judge.samples
		judged := samples - rng.IntN(max(1, samples/2))
		state := fold.Add(nil, p.outcomes(mask, p.order[:judged]))
		upper := fold.Upper(state)
		for range 20 {
			m := search.NewMask(3)
			for h := range 3 {
				if rng.IntN(2) == 0 {
					m.Demote(h)
				}
			}
			if got := fold.Score(fold.Add(state, p.outcomes(m, p.order[judged:]))); got > upper {
				t.Fatalf("seed %d: %v, above %v", seed, got, upper)
			}
		}
		var perfect []bounds.Outcome
		for _, s := range p.order[judged:] {
			var found []detect.Found
			for _, w := range p.judge.boxes[s] {
				if !w.Crowd {
					found = append(found, detect.Found{Box: w.Box, Class: w.Class, Score: 1})
				}
			}
			o := bounds.Outcome{int32(s)}
			for _, b := range detect.Measures["map"].Judge(detect.Image{Found: found, Wanted: p.judge.boxes[s]}) {
				o = append(o, b.Class, int32(math.Float32bits(b.Score)), int32(uint32(b.Right)|uint32(b.Ignored)<<16))
			}
			perfect = append(perfect, o)
		}
		if got := fold.Score(fold.Add(state, perfect)); upper < 1 && got != upper {
			t.Fatalf("seed %d: all found score %v, the bound is %v", seed, got, upper)
		}
		if upper < 1 {
			below++
		}
	}
	if below < 100 {
		t.Errorf("%d bounds of 300 say something", below)
	}
}

// TestNoObjectCounts: a measure of which no object counts is refused before anything runs.
func TestNoObjectCounts(t *testing.T) {
	own := drawnLabels(rand.New(rand.NewPCG(1, 1)), 4) // all are smaller than 96 pixels
	j := NewScorer(yolo("map-large", detect.YOLOv8), Truth{Own: own}, 4)
	j.Read(Output{Name: "y", Dims: []int64{2, 30, 7}, Slots: 2})
	if err := j.Check(); err != nil {
		t.Fatal(err)
	}
	if _, err := RuleOf([]*Scorer{j}, []int{2, 2}, 1); !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), "no labelled box counts") {
		t.Errorf("%v", err)
	}
}
