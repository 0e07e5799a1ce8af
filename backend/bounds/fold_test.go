package bounds

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/search"
)

// leastRecall is a Fold of classes: its score is the least share of a class's samples that are right. An outcome is the
// class and whether it is right; a state has both numbers of each class.
type leastRecall struct {
	all   []int // samples of each class
	nan   bool  // the score is NaN as long as nothing is right
	loose bool  // the bound knows nothing of the first blocks
}

type recalls []int // right and seen, of each class

func (f *leastRecall) Add(s State, block []Outcome) State {
	sum := make(recalls, 2*len(f.all))
	if s != nil {
		copy(sum, *s.(*recalls))
	}
	for _, o := range block {
		sum[2*o[0]] += int(o[1])
		sum[2*o[0]+1]++
	}
	return &sum
}

func (f *leastRecall) Score(s State) float64 {
	if s == nil {
		return 0
	}
	return f.least(*s.(*recalls), func(c int, of recalls) (right, all int) { return of[2*c], of[2*c+1] })
}

func (f *leastRecall) least(of recalls, share func(c int, of recalls) (right, all int)) float64 {
	least, some := 1.0, 0
	for c := range f.all {
		right, all := share(c, of)
		some += right
		if all > 0 {
			least = min(least, float64(right)/float64(all))
		}
	}
	if f.nan && some == 0 {
		return math.NaN()
	}
	return least
}

func (f *leastRecall) Upper(s State) float64 {
	of := make(recalls, 2*len(f.all))
	if s != nil {
		copy(of, *s.(*recalls))
	}
	seen := 0
	for c := range f.all {
		seen += of[2*c+1]
	}
	if f.loose && seen < 10 {
		return math.Inf(1)
	}
	return f.least(of, func(c int, of recalls) (right, all int) { return f.all[c] - of[2*c+1] + of[2*c], f.all[c] })
}

func (f *leastRecall) Bytes(State) int { return 16 * len(f.all) }

func (f *leastRecall) Pack(s State) (packed []byte) {
	for _, n := range *s.(*recalls) {
		packed = binary.AppendUvarint(packed, uint64(n))
	}
	return packed
}

func (f *leastRecall) Unpack(packed []byte) (State, bool) {
	of := make(recalls, 2*len(f.all))
	for i := range of {
		n, size := binary.Uvarint(packed)
		if size <= 0 {
			return nil, false
		}
		of[i], packed = int(n), packed[size:]
	}
	return &of, true
}

// folded gives a rule and the machine of a problem a Fold.
func (p *problem) folded(rng *rand.Rand) {
	f := &leastRecall{all: make([]int, 1+rng.IntN(4)), nan: rng.IntN(3) == 0, loose: rng.IntN(4) == 0}
	var class []int32
	for range p.machine.table.Samples {
		c := rng.IntN(len(f.all))
		f.all[c]++
		class = append(class, int32(c))
	}
	p.rule.Fold = f
	p.machine.outcome = func(m search.Mask, s int) Outcome {
		if p.machine.table.Correct(m, s) {
			return Outcome{class[s], 1}
		}
		return Outcome{class[s], 0}
	}
}

// TestFoldsInLittleMemory holds random scans whose unfinished trials may keep hardly any state, and that look at their
// bounds now and then, to the definition: a trial that comes back begins anew, and the answer stays.
func TestFoldsInLittleMemory(t *testing.T) {
	twice := 0
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 81))
		p := newProblem(rng, Folded)
		p.rule.Rarely = rng.IntN(2) == 0
		want, _ := search.NaiveScan(context.Background(), p.machine.score, p.candidates, p.bound)
		e := NewEvaluator(p.machine, p.rule)
		e.mostStates = rng.IntN(100)
		for range 2 {
			got, err := e.Scan(context.Background(), p.base, p.candidates, p.bound)
			if err != nil || !same(got, want) {
				t.Fatalf("seed %d: %v, %+v, want %+v (%+v)", seed, err, got, want, p.bound)
			}
		}
		for _, c := range p.candidates {
			if _, again := p.machine.blocks(c); again {
				twice++
			}
		}
	}
	if twice < 100 {
		t.Errorf("%d trials began anew", twice)
	}
}

// TestFoldsInLittleMemoryAhead is the same where workers run ahead: blocks of a trial that begins anew are not taken
// for its first ones. As many blocks are asked for as by one worker.
func TestFoldsInLittleMemoryAhead(t *testing.T) {
	twice := 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 82))
		p := newProblem(rng, Folded)
		want, _ := search.NaiveScan(context.Background(), p.machine.score, p.candidates, p.bound)
		alone := NewEvaluator(newMachineLike(p), p.rule)
		m := &workersMachine{tableMachine: p.machine, rng: rng, workers: 2 + rng.IntN(3)}
		several := NewEvaluator(m, p.rule)
		alone.mostStates = rng.IntN(100)
		several.mostStates = alone.mostStates
		if rng.IntN(2) == 0 {
			atRandom(several, rng)
		}
		for range 2 {
			for _, e := range []*Evaluator{alone, several} {
				got, err := e.Scan(context.Background(), p.base, p.candidates, p.bound)
				if err != nil || !same(got, want) {
					t.Fatalf("seed %d: %v, %+v, want %+v (%+v)", seed, err, got, want, p.bound)
				}
			}
		}
		if asked(several.Stats()) != asked(alone.Stats()) {
			t.Fatalf("seed %d: %+v, by one worker %+v", seed, several.Stats(), alone.Stats())
		}
		for _, c := range p.candidates {
			if _, again := alone.machine.(*tableMachine).blocks(c); again {
				twice++
			}
		}
	}
	if twice < 100 {
		t.Errorf("%d trials began anew", twice)
	}
}
