package metric

import (
	"encoding/binary"

	"example.org/demote/backend/bounds"
)

// A Verdict is what a sample gains, or for a metric of outcomes what it has come to.
type Verdict struct {
	Gain    float64
	Outcome bounds.Outcome
}

// Verdict is that of a sample's row, over all steps that are judged.
func (j *Scorer) Verdict(row []float32, sample int) Verdict {
	if j.metric.outcome != nil {
		return Verdict{Outcome: j.metric.outcome(j, row, sample)}
	}
	return Verdict{Gain: j.Gain(row, sample)}
}

// matches are what outcomes of classes are added up to: for each class, the samples or pixels that are both labelled
// and predicted as it, those that are predicted, and those that are labelled.
type matches []int64

// The numbers of a class in matches, and of an outcome, in which they stand behind the class.
const (
	both = iota
	found
	wanted
	perClass
)

// byClass is what a metric of classes makes of its matches.
type byClass struct {
	// wanted counts the labels of each class
	wanted func(j *Scorer, n []int64)
	score  func(n matches) float64
	// upper is never below the score of any matches that these can become, where so many labels of each class are left;
	// nil: that of all of them being right
	upper func(n matches, left []int64) float64
}

// A classFold makes a score of matches. Its states are *matches.
//
// Why no score is above Upper: let a class have both, found and wanted so far, and r labels left. Of these x <= r come
// to be right, and f samples of other classes are found as it. F1 is 2(both+x) / (found+x+f + wanted+r), and IoU is
// (both+x) / (found+x+f + wanted+r - both-x). The two rise with x and fall with f, so they are highest for x = r and
// f = 0, in every class at once. Otherwise only a class that is never labelled may come to be found, and joins the mean
// with 0. Each is the rounded quotient of exact integers, and the mean adds them in one order, with weights of 0 or
// more. All of these steps are monotone when rounded to nearest (IEEE 754-2019, 4.3.1). So the score as computed is not
// above the bound as computed, and equals it when all is right.
type classFold struct {
	byClass
	all   []int64 // labels of each class, of all samples
	left  []int64 // room for those that are left
	right matches // room for the matches if all of them are right
}

// foldOf adds up the labels of the judges' samples, of so many classes.
func (b byClass) foldOf(judges []*Scorer, classes int) *classFold {
	f := &classFold{byClass: b, all: make([]int64, classes), left: make([]int64, classes), right: make(matches, perClass*classes)}
	for _, j := range judges {
		b.wanted(j, f.all)
	}
	return f
}

// Add implements bounds.Fold.
func (f *classFold) Add(s bounds.State, block []bounds.Outcome) bounds.State {
	sum := make(matches, perClass*len(f.all))
	if s != nil {
		copy(sum, *s.(*matches))
	}
	for _, o := range block {
		for ; len(o) > 0; o = o[1+perClass:] {
			n := sum[perClass*int(o[0]):]
			n[both] += int64(o[1+both])
			n[found] += int64(o[1+found])
			n[wanted] += int64(o[1+wanted])
		}
	}
	return &sum
}

// Score implements bounds.Fold.
func (f *classFold) Score(s bounds.State) float64 {
	if s == nil {
		clear(f.right)
		return f.score(f.right)
	}
	return f.score(*s.(*matches))
}

// Upper implements bounds.Fold.
func (f *classFold) Upper(s bounds.State) float64 {
	clear(f.right)
	if s != nil {
		copy(f.right, *s.(*matches))
	}
	for c, all := range f.all {
		f.left[c] = all - f.right[perClass*c+wanted]
	}
	if f.upper != nil {
		return f.upper(f.right, f.left)
	}
	f.right.complete(f.left)
	return f.score(f.right)
}

// complete lets the labels that are left be right.
func (n matches) complete(left []int64) {
	for c, l := range left {
		n[perClass*c+both] += l
		n[perClass*c+found] += l
		n[perClass*c+wanted] += l
	}
}

// Bytes implements bounds.Fold.
func (f *classFold) Bytes(bounds.State) int { return 8 * perClass * len(f.all) }

// Pack implements bounds.Fold: the matches as integers of varying length.
func (f *classFold) Pack(s bounds.State) (packed []byte) {
	if s == nil {
		return nil
	}
	for _, n := range *s.(*matches) {
		packed = binary.AppendUvarint(packed, uint64(n))
	}
	return packed
}

// Unpack implements bounds.Fold.
func (f *classFold) Unpack(packed []byte) (bounds.State, bool) {
	n := make(matches, perClass*len(f.all))
	for i := range n {
		v, size := binary.Uvarint(packed)
		if size <= 0 {
			return nil, false
		}
		n[i], packed = int64(v), packed[size:]
	}
	for c, all := range f.all {
		if one := n[perClass*c:]; one[both] < 0 || one[both] > min(one[found], one[wanted]) || one[wanted] > all {
			return nil, false
		}
	}
	return &n, len(packed) == 0
}

// outcomeOf is the outcome of the matches of some classes: of those for which there are any.
func outcomeOf(n []int32) (o bounds.Outcome) {
	for c := 0; c < len(n)/perClass; c++ {
		if one := n[perClass*c : perClass*(c+1)]; one[found] > 0 || one[wanted] > 0 {
			o = append(append(o, int32(c)), one...)
		}
	}
	return o
}
