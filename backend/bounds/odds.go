package bounds

import "math"

// odds guesses how trials continue, from the losses of blocks in earlier trials. The loss of a block is its highest
// possible gain less its gain. The guesses choose which blocks run ahead, and nothing else.
type odds struct {
	rule      *Rule
	mean      []float64 // loss of each block; 0 until it has run
	before    []float64 // by block: mean loss of all blocks before it
	threshold float64   // count or sum that a trial must reach to pass
	floor     float64   // count or sum that a trial must reach to be the best
}

// Constants of the guesses. They change what is run ahead, never a decision.
const (
	// habit is the share of the mean loss of a whole trial that its own loss is weighed against: a trial that has run
	// few blocks is expected to lose as others did.
	habit = 0.05
	// fresh is the weight of the newest trial in the mean loss of a block.
	fresh = 0.125
	// worth is the smallest probability of being asked for with which a block runs ahead. Below it an idle worker is
	// better, since the end of a scan waits for the blocks under way.
	worth = 0.25
)

// prepare makes the tables for a rule, whose own must be filled in.
func (o *odds) prepare(rule *Rule) {
	o.rule, o.mean, o.before = rule, make([]float64, rule.Blocks()), make([]float64, rule.Blocks()+1)
}

// sum updates the expected losses by what was noted.
func (o *odds) sum() {
	for b, m := range o.mean {
		o.before[b+1] = o.before[b] + m
	}
}

// begin takes note of the thresholds of a scan.
func (o *odds) begin(s *scan) {
	o.threshold, o.floor = o.rule.least(s.need), o.rule.least(s.floor)
}

// note takes what a block has lost: the progress before it, and behind it.
func (o *odds) note(before, behind Progress) {
	loss := o.reach(before) - o.reach(behind)
	switch m := &o.mean[before.Blocks]; {
	case math.IsNaN(loss) || math.IsInf(loss, 0):
	case *m == 0:
		*m = loss
	default:
		*m += fresh * (loss - *m)
	}
}

// reach is the highest count or sum that a trial can still have, or the highest score of outcomes.
func (o *odds) reach(p Progress) float64 {
	switch o.rule.Kind {
	case Counted:
		return float64(p.Count + o.rule.left[p.Blocks])
	case Folded:
		return unorder(o.rule.upper(p))
	}
	return p.Sum + o.rule.lifts[p.Blocks]
}

// loss is the expected loss of a trial up to block to, in proportion to its loss so far.
func (o *odds) loss(p Progress, to int) float64 {
	weight := habit * o.before[len(o.before)-1]
	if weight == 0 { // no trial has run
		return 0
	}
	own := o.reach(Progress{}) - o.reach(p)
	return (own + weight) / (o.before[p.Blocks] + weight) * (o.before[to] - o.before[p.Blocks])
}

// lasts is the chance that a trial can still pass when it has come to block to: 1 / (1 + (loss / spare)^8), between 0
// and 1. It falls with the eighth power of what the trial is expected to lose over what it may lose: an expectation 10
// % above leaves 0.32, one of 25 % above 0.14. The power is a rule of thumb: it changes how busy workers are, and no
// answer.
func (o *odds) lasts(p Progress, to int) float64 {
	spare := o.reach(p) - o.threshold
	if o.rule.Kind == Counted {
		spare++ // one more is what it takes to be rejected
	}
	if !(spare > 0) {
		return 0
	}
	x := o.loss(p, to) / spare
	x *= x
	x *= x
	return 1 / (1 + x*x)
}
