package search

import "math"

// A Need is how many samples would give a proof with a chance.
type Need struct {
	Samples int     // to two digits, since it rests on a guess
	Chance  float64 // of a proof
}

// chances that are told where a hold-out was too small.
var chances = []float64{0.5, 0.8, 0.9}

// LossNeeds says how many samples would prove a loss below the budget with level alpha, if a fraction changed of the
// predictions changes and the true loss is loss; nil if none would, the loss reaching the budget.
//
// By the normal approximation of Tango's statistic (Nam, Establishing equivalence of two treatments and sample size
// requirements in matched-pairs design, Biometrics 53, 1997), and no fewer than the exact test needs if nothing changes.
func LossNeeds(changed, loss, budget, alpha float64) []Need {
	if !(loss < budget) {
		return nil
	}
	changed = max(changed, math.Abs(loss))
	b, c := (changed+loss)/2, (changed-loss)/2
	a := b*(1+budget) + c*(1-budget) - 2*budget
	q := (a + math.Sqrt(a*a+8*c*budget*(1-budget))) / 4
	null := math.Sqrt(2*max(0, q) + budget - budget*budget)
	true1 := math.Sqrt(changed - loss*loss)
	return needs(null, true1, budget-loss, alpha, float64(LeastSamples(budget, alpha)))
}

// LeastSamples is how many samples it takes to prove a loss below the budget with level alpha if no prediction changes at
// all; 0 for a budget of zero or less, which that would not prove.
func LeastSamples(budget, alpha float64) int {
	if budget <= 0 {
		return 0
	}
	n := int(math.Ceil(math.Log(alpha*(1-gammaShare)) / math.Log1p(-budget)))
	for (Paired{N: n}).PValue(budget, alpha) > alpha {
		n++ // few samples: changes that cancel out are as good a sign as none, and count as well
	}
	return n
}

// ScoreNeeds says how many samples would prove a score above the target with level alpha, if the true score is score; nil if
// none would. By the normal approximation of the binomial distribution, and no fewer than are needed if all are right.
func ScoreNeeds(score, target, alpha float64) []Need {
	if !(score > target) || target < 0 {
		return nil
	}
	least := 0.0
	if target > 0 {
		least = math.Log(alpha) / math.Log(target)
	}
	return needs(math.Sqrt(target*(1-target)), math.Sqrt(score*(1-score)), score-target, alpha, least)
}

// needs solves for the samples: room is what lies between truth and hypothesis, null and own the standard deviations of
// one sample under either.
func needs(null, own, room, alpha, least float64) []Need {
	list := make([]Need, 0, len(chances))
	for _, chance := range chances {
		root := (normalQuantile(1-alpha)*null + normalQuantile(chance)*own) / room
		list = append(list, Need{Samples: twoDigits(max(least, root*root)), Chance: chance})
	}
	return list
}

// twoDigits rounds to two digits, and numbers below 100 up.
func twoDigits(v float64) int {
	v = math.Ceil(v)
	unit := 1.0
	for v/unit >= 100 {
		unit *= 10
	}
	return int(math.Round(v/unit) * unit)
}
