package quant

import "testing"

func BenchmarkApply(b *testing.B) {
	x := gaussian(1, 1, 1<<16, false)[0]
	for _, f := range []Formula{QDQ, MCTQ, Torch} {
		b.Run(string(f), func(b *testing.B) {
			p := must(GridOf(f, Asymmetric, 8, Range{-3, 3})).Params()
			for b.Loop() {
				p.Apply(x, x)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/elem")
		})
	}
}
