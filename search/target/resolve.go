package target

import (
	"math"
	"math/big"

	"example.org/demote/search/trial"
)

// Scale describes how to read the scores of a metric.
type Scale struct {
	Name     string // as the user types it, such as top1
	Fraction bool   // classification: scores are fractions of the samples
	Lower    bool   // lower is better: a Score's Value is the metric's value negated
}

// Endpoints are the scores that a target may be measured from.
type Endpoints struct {
	Float     *trial.Score // nil without a float network
	High, Low trial.Score  // the 16-bit and the 8-bit score
}

// Resolved is a target in the form that a search compares with. Example: 16bit-0.005 of 1,835 of 2,000 is 0.9125, that
// is 1,825 samples exactly; a mix must be above it, so Need is 1,826 and Above the float64 1825.0/2000.
type Resolved struct {
	// Above is the value for Options.Target: a score s holds if s.Float() > Above. For countable metrics, this float64
	// comparison decides for every count as exact decimal arithmetic would.
	Above float64
	Value float64 // the target in the metric's own unit and sign
	Need  int     // countable metrics: the smallest count that is above the target, Total+1 if none is; else 0
	Total int     // countable metrics: the number of samples
	Finer bool    // countable metrics: the target lies less than one sample below the 16-bit score, so none may be lost
}

// Resolve turns a typed target into the comparison of the search, given the scores of the endpoints. The arithmetic is
// exact on the typed digits and the counts. Errors are mistake.Err, with a target to type instead:
//
//   - a score that the target is measured from is missing or not finite;
//   - a percentage, and both endpoints have the same score: no mix is above a share of nothing;
//   - a percentage of a classification score of more than 50 % that, read as a score, is less than 0.1 below the 16-bit
//     score. It is more likely a score in points: 91% for 0.91. 8bit+91% is always the share.
func (t Target) Resolve(m Scale, e Endpoints) (Resolved, error) {
	return t.ResolvePart(m, e, big.NewRat(1, 1))
}

// ResolvePart is Resolve for a search that may use a part of the loss alone, from 0 to 1: of a target at 0.90 for a
// 16-bit score of 0.92, half is 0.91. A target that the 16-bit score is not better than leaves no loss to divide, and
// is taken whole.
func (t Target) ResolvePart(m Scale, e Endpoints, part *big.Rat) (Resolved, error) {
	goal, err := t.goal(m, e)
	if err != nil {
		return Resolved{}, err
	}
	if part.Cmp(big.NewRat(1, 1)) != 0 {
		high := m.exact(e.High)
		if high == nil {
			return Resolved{}, t.wrong("the 16-bit score is not a finite number, and no part of a loss can be measured from it: leave --ladder out")
		}
		lost := new(big.Rat).Sub(goal, high)
		if lost.Sign() < 0 != m.Lower && lost.Sign() != 0 {
			goal = lost.Add(high, lost.Mul(lost, part))
		}
	}
	r := Resolved{}
	r.Value, _ = goal.Float64()
	if e.High.Total > 0 && !m.Lower {
		r.count(goal, e.High)
		return r, nil
	}
	r.Above = r.Value
	if m.Lower {
		r.Above = -r.Value
	}
	return r, nil
}

// goal is the score that a mix must be better than, exactly.
func (t Target) goal(m Scale, e Endpoints) (*big.Rat, error) {
	if err := t.Check(m); err != nil {
		return nil, err
	}
	goal := new(big.Rat)
	switch t.kind {
	case targetNumber:
		goal.Set(t.amount)
	case targetHigh, targetFloat:
		from, name := &e.High, "16-bit"
		if t.kind == targetFloat {
			from, name = e.Float, "float"
		}
		if from == nil {
			return nil, t.wrong("there is no float network to measure it from: write 16bit-0.005 or a score")
		}
		score := m.exact(*from)
		if score == nil {
			return nil, t.wrong("the " + name + " score is not a finite number: write a score")
		}
		goal.Add(score, t.amount)
	case targetShare:
		high, low := m.exact(e.High), m.exact(e.Low)
		if high == nil || low == nil {
			return nil, t.wrong("an endpoint's score is not a finite number: write a score")
		}
		if err := t.checkShare(m, high); err != nil {
			return nil, err
		}
		if high.Cmp(low) == 0 {
			return nil, t.wrong("the 8-bit and the 16-bit score are equal, " + spell(high) + ", and there is no way between them to take a share of: " + m.exampleTarget(e.High, high))
		}
		goal.Sub(high, low)
		goal.Add(low, goal.Mul(goal, t.amount))
	}
	return goal, nil
}

// exact returns a score in the metric's own sign as a fraction, or nil if it is not finite. Every float64 is a
// fraction, so nothing is rounded.
func (m Scale) exact(s trial.Score) *big.Rat {
	if s.Total > 0 {
		return big.NewRat(int64(s.Count), int64(s.Total))
	}
	v := s.Value
	if m.Lower {
		v = -v
	}
	return new(big.Rat).SetFloat64(v)
}

// count fixes the comparison of a countable metric: the smallest count above the goal, and a float64 that separates the
// float64 quotients of the counts as the goal separates the counts. Counts that hit the goal are equal to it in float64
// too, since one division rounds both. Between two counts any float64 strictly between their quotients does, and the
// one next to the typed value is taken, so that messages can show it. high is the score of the 16-bit network, whose
// total is the number of samples.
func (r *Resolved) count(goal *big.Rat, high trial.Score) {
	total := big.NewInt(int64(high.Total))
	scaled := new(big.Rat).Mul(goal, new(big.Rat).SetInt(total))
	floor := new(big.Int).Div(scaled.Num(), scaled.Denom()) // Euclidean with a positive divisor: rounds down
	r.Total = high.Total
	lost := new(big.Rat).Sub(big.NewRat(int64(high.Count), 1), scaled)
	r.Finer = lost.Sign() > 0 && lost.Cmp(big.NewRat(1, 1)) < 0
	switch {
	case floor.Sign() < 0:
		r.Need = 0
		r.Above = min(r.Value, math.Nextafter(0, -1))
	case floor.Cmp(total) > 0 || floor.Cmp(total) == 0 && !scaled.IsInt():
		r.Need = high.Total + 1
		r.Above = max(r.Value, math.Nextafter(1, 2))
	default:
		k := int(floor.Int64())
		at, next := float64(k)/float64(high.Total), float64(k+1)/float64(high.Total)
		r.Need = k + 1
		if scaled.IsInt() {
			r.Above = at
		} else {
			r.Above = min(max(r.Value, math.Nextafter(at, 2)), math.Nextafter(next, -1))
		}
	}
}
