package metric

import "math"

// matthews is the correlation of labels and predictions (Gorodkin, Comparing two K-category assignments, 2004); 0 where
// one of them is always the same.
func matthews(n matches) float64 {
	right, all, both, predicted, labelled := n.products()
	of := math.Sqrt((all*all - predicted) * (all*all - labelled))
	if of == 0 {
		return 0
	}
	return (right*all - both) / of
}

// products are what is right, what there is, and over the classes the sums of the products of predicted and labelled,
// of predicted with itself, and of labelled with itself.
func (n matches) products() (right, all, mixed, predicted, labelled float64) {
	for c := 0; c < len(n); c += perClass {
		tp, got, want := float64(n[c+both]), float64(n[c+found]), float64(n[c+wanted])
		right, all = right+tp, all+want
		mixed += float64(got * want)
		predicted += float64(got * got)
		labelled += float64(want * want)
	}
	return right, all, mixed, predicted, labelled
}

// exactSamples is the most samples of which all products of matthews are integers that float64 has exactly.
const exactSamples = 1 << 26

// mostMatthews is above every correlation that the matches can come to.
//
// It is (right all - mixed) / sqrt((all^2 - predicted) (all^2 - labelled)), where labelled is known. Let w of the
// labels that are left come to be wrong, and all others right. For one of class a that is found as b, right falls by 1
// and mixed changes by t_b - t_a, t being the labels of a class: the numerator falls by all - t_a + t_b, and so by
// step = all - most(t) + least(t) or more. And predicted is the sum of the squares of p, the predictions of each class.
// Where y of them leave a class and z come to one, it grows by the sum of 2 p (z-y) + (z-y)^2, p being that where all
// is right. The part of z is no more than 2 w most(p) + w^2. That of y is y^2 - 2 p y <= -p y, since y <= p, and so no
// more than -w least(p), of the classes of which labels are left. So the correlation is not above
//
//	f(w) = (A - step w) / sqrt((B - (2 most(p) - least(p)) w - w^2) L)
//
// The sign of its slope is that of a linear function of w that rises, as long as A > 0: f has no maximum between its
// ends, and the bound is that of w = 0 or of the last w. That is all that is left, or where the numerator comes to 0,
// behind which no correlation is above 0. A correlation is never above 1.
func mostMatthews(n matches, left []int64) float64 {
	rest := 0.0
	for _, l := range left {
		rest += float64(l)
	}
	n.complete(left)
	right, all, mixed, predicted, labelled := n.products()
	if all > exactSamples {
		return math.Inf(1)
	}
	most, least, mostFound, leastFound := 0.0, all, 0.0, all
	for c := range left {
		got, want := float64(n[perClass*c+found]), float64(n[perClass*c+wanted])
		most, least, mostFound = max(most, want), min(least, want), max(mostFound, got)
		if left[c] > 0 {
			leastFound = min(leastFound, got)
		}
	}
	leastFound = min(leastFound, mostFound)
	top, spread := right*all-mixed, all*all-labelled
	step := all - most + least
	if spread == 0 || top <= 0 {
		return aBitAbove(0)
	}
	last := rest
	if step > 0 {
		last = min(last, top/step)
	}
	bound := func(w float64) float64 {
		under := all*all - predicted - (2*mostFound-leastFound)*w - w*w
		if under <= 1e-9*all*all { // less might be made of roundings
			return 1
		}
		return (top - step*w) / math.Sqrt(under*spread)
	}
	return aBitAbove(min(1, max(0, bound(0), bound(last))))
}

// aBitAbove makes up for the roundings of a bound, which has other ones than the score: a few parts in 10^16.
func aBitAbove(bound float64) float64 { return bound + 1e-12 }
