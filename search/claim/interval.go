package claim

import "math"

// z is Tango's score statistic for a loss of d: the distance of the loss seen from d, in standard errors under a true
// loss of d. It is negative if the loss seen is smaller than d. d is a fraction of the samples with -1 < d < 1.
//
// With b and c as in Paired and p_c the most likely probability of c under p_b = p_c + d (Tango, Equivalence test and
// confidence interval for the difference in proportions for the paired-sample design, Statistics in Medicine 17, 1998):
//
//	Z = (b - c - nd) / sqrt(n (2 p_c + d - d^2))
//	p_c = (A + sqrt(A^2 + 8 n c d (1-d))) / (4n), A = b(1+d) + c(1-d) - 2nd
func (p Paired) z(d float64) float64 {
	if d < 0 { // the formula needs d >= 0: swap the networks
		return 0 - Paired{p.N, p.C, p.B}.z(-d)
	}
	n, b, c := float64(p.N), float64(p.B), float64(p.C)
	away := b - c - n*d
	if away == 0 {
		return 0 // also for d = 0 without a change, where the formula divides by 0
	}
	a := b*(1+d) + c*(1-d) - 2*n*d
	q := (a + math.Sqrt(a*a+8*n*c*d*(1-d))) / (4 * n)
	return away / math.Sqrt(n*(2*q+d-d*d))
}

// Interval is Tango's score confidence interval of the true loss of the mix against the reference, a fraction of the
// samples: the losses d with |Z(d)| at most the normal quantile of the confidence (0.95: 1.96). Its coverage is
// approximate, so promises use PValue. Example: 31 samples of 2,000 that only the reference gets right and 24 that only
// the mix does are a loss of 0.0035, with the interval -0.0039 to 0.0111 at 0.95.
func (p Paired) Interval(confidence float64) (low, high float64) {
	z := normalQuantile(1 - (1-confidence)/2)
	at := func(bound float64) float64 { // Z falls as d rises
		lo, hi := -1.0, 1.0
		for range 60 { // 2^-59 is beyond a float64 of this size
			if mid := (lo + hi) / 2; p.z(mid) > bound {
				lo = mid
			} else {
				hi = mid
			}
		}
		return (lo + hi) / 2
	}
	return at(z), at(-z)
}
