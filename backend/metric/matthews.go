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
// Where y of them leave a class and z come to one, it grows by the sum of 2 p (z-y) + (z-y)^2. That is no more than
// 2 w most(p) + w^2, with p where all is right, since y <= p. So the correlation is not above
//
//	f(w) = (A - step w) / sqrt((B - 2 most(p) w - w^2) L)
//
// The sign of its slope is that of a linear function of w that rises, as long as A > 0: f has no maximum between its
// ends, and the bound is that of w = 0 or of w = all that is left. A correlation is never above 1.
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
	most, least, mostFound := 0.0, all, 0.0
	for c := 0; c < len(n); c += perClass {
		most, least, mostFound = max(most, float64(n[c+wanted])), min(least, float64(n[c+wanted])), max(mostFound, float64(n[c+found]))
	}
	top, spread := right*all-mixed, all*all-labelled
	step := all - most + least
	if spread == 0 || top <= 0 {
		return aBitAbove(0)
	}
	bound := func(w float64) float64 {
		under := all*all - predicted - 2*mostFound*w - w*w
		if under <= 0 {
			return 1
		}
		return (top - step*w) / math.Sqrt(under*spread)
	}
	return aBitAbove(min(1, max(0, bound(0), bound(rest))))
}

// aBitAbove makes up for the roundings of a bound, which has other ones than the score: a few parts in 10^16.
func aBitAbove(bound float64) float64 { return bound + 1e-12 }
