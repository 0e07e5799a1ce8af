package claim

import "math"

// A Need is an estimated number of samples that give a proof with some chance, the power of the test.
type Need struct {
	Samples int     // rounded to two digits, because it is an estimate
	Chance  float64 // probability of a proof, 0..1
}

// chances are the powers for which the numbers of samples are estimated.
var chances = []float64{0.5, 0.8, 0.9}

// lossNeeds estimates the numbers of samples that prove a loss below the budget at level alpha. changed is the fraction
// of the predictions that change, and loss the true loss; all are fractions of the samples. It returns nil if loss >=
// budget, which no number of samples proves. Example: 3 % of the predictions change, no true loss, a budget of 0.005
// and alpha 0.05 need 3,300 samples for a chance of 0.5 and 7,500 for 0.8.
//
// It uses the normal approximation of Tango's statistic (Nam, Establishing equivalence of two treatments and sample
// size requirements in matched-pairs design, Biometrics 53, 1997), and never less than the exact test needs without a
// change.
func lossNeeds(changed, loss, budget, alpha float64) []Need {
	if !(loss < budget) {
		return nil
	}
	changed = max(changed, math.Abs(loss))
	b, c := (changed+loss)/2, (changed-loss)/2
	a := b*(1+budget) + c*(1-budget) - 2*budget
	q := (a + math.Sqrt(a*a+8*c*budget*(1-budget))) / 4
	null := math.Sqrt(2*max(0, q) + budget - budget*budget)
	own := math.Sqrt(changed - loss*loss)
	return needs(null, own, budget-loss, alpha, float64(LeastSamples(budget, alpha)))
}

// LeastSamples returns the number of samples that prove a loss below the budget at level alpha if no prediction changes
// at all. It is 0 for a budget of zero or less, which unchanged predictions do not prove.
func LeastSamples(budget, alpha float64) int {
	if budget <= 0 {
		return 0
	}
	n := int(math.Ceil(math.Log(alpha*(1-gammaShare)) / math.Log1p(-budget)))
	for (Paired{N: n}).PValue(budget, alpha) > alpha {
		n++ // for few samples, outcomes with changes that cancel out are as extreme, and add to the p-value
	}
	return n
}

// scoreNeeds estimates the numbers of samples that prove a score above the target at level alpha, if the true score is
// score. Both are fractions. It returns nil if score <= target. It uses the normal approximation of the binomial
// distribution, and never less than is needed if all samples are right.
func scoreNeeds(score, target, alpha float64) []Need {
	if !(score > target) || target < 0 {
		return nil
	}
	least := 0.0
	if target > 0 {
		least = math.Log(alpha) / math.Log(target)
	}
	return needs(math.Sqrt(target*(1-target)), math.Sqrt(score*(1-score)), score-target, alpha, least)
}

// needs solves the normal approximation for the number of samples: (z_{1-alpha} null + z_chance own)^2 / gap^2, at
// least least. gap is the distance between the true value and the hypothesis, null and own the standard deviations of
// one sample under the hypothesis and the true value.
func needs(null, own, gap, alpha, least float64) []Need {
	list := make([]Need, 0, len(chances))
	for _, chance := range chances {
		root := (normalQuantile(1-alpha)*null + normalQuantile(chance)*own) / gap
		list = append(list, Need{Samples: twoDigits(max(least, root*root)), Chance: chance})
	}
	return list
}

// twoDigits rounds to two significant digits, numbers below 100 up to a whole number.
func twoDigits(v float64) int {
	v = math.Ceil(v)
	unit := 1.0
	for v/unit >= 100 {
		unit *= 10
	}
	return int(math.Round(v/unit) * unit)
}
