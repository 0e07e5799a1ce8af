package cgo_test

import (
	"testing"

	"example.org/demote/cgo"
	"example.org/demote/quant"
)

func BenchmarkCodes(b *testing.B) {
	p := grid(b, quant.QDQ, quant.Asymmetric, 16, -4, 4).Params()
	x, codes := aligned(64<<10), make([]byte, 128<<10)
	for i := range x {
		x[i] = float32(i%1000)/125 - 4
	}
	for name, f := range map[string]func(){
		"encode": func() { cgo.Encode(codes, x, p) },
		"pack":   func() { cgo.Pack(codes, x, p) },
		"decode": func() { cgo.Decode(x, codes, p) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/elem")
		})
	}
}
