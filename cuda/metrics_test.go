//go:build cuda

package cuda_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/cuda"
)

// firstMaximum is the definition of top-1: a NaN is never greater than what came before it, and nothing is greater than
// a NaN.
func firstMaximum(row []float32) int64 {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return int64(best)
}

// topK is the definition of the sample bit: fewer than k classes come before the label, ties by index; for k = 1 the
// first maximum.
func topK(row []float32, label int64, k int) bool {
	if label < 0 || label >= int64(len(row)) {
		return false
	}
	if k == 1 {
		return firstMaximum(row) == label
	}
	own, before := row[label], 0
	for i, v := range row {
		if v > own || v == own && int64(i) < label {
			before++
		}
	}
	return own == own && before < k
}

// scores are rows with many ties, and some with NaN and infinities.
func scores(samples, classes int, r *rand.Rand) []float32 {
	rows := make([]float32, samples*classes)
	for i := range rows {
		rows[i] = float32(r.IntN(7)) - 3
		switch r.IntN(40) {
		case 0:
			rows[i] = float32(math.NaN())
		case 1:
			rows[i] = float32(math.Inf(1 - 2*r.IntN(2)))
		}
	}
	return rows
}

func TestTopKBits(t *testing.T) {
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		r := rand.New(rand.NewPCG(7, 1))
		for _, samples := range []int{1, 7, 8, 31, 32, 33, 100, 1025} {
			for _, classes := range []int{1, 2, 10, 31, 32, 33, 100} {
				rows, labels := scores(samples, classes, r), make([]int64, samples)
				for i := range labels {
					labels[i] = int64(r.IntN(classes+2)) - 1 // some outside
				}
				x, truth := upload(t, d, s, "scores", rows), upload(t, d, s, "labels", labels)
				bits := upload(t, d, s, "bits", make([]uint8, cuda.MaskBytes(samples)+1))
				for _, k := range []int{1, 5} {
					do(t, bits.Upload(s, []uint8{0xff}))
					do(t, d.TopK(bits, x, truth, samples, classes, k).Run(s))
					got := download(t, s, bits)
					for i := range 8 * cuda.MaskBytes(samples) {
						want := i < samples && topK(rows[i*classes:(i+1)*classes], labels[i], k)
						if got[i/8]>>(i%8)&1 == 1 != want {
							t.Errorf("%d samples of %d classes, k %d, sample %d: want %v", samples, classes, k, i, want)
						}
					}
					if got[len(got)-1] != 0 {
						t.Errorf("%d samples: the byte behind the bits was written", samples)
					}
				}
				closeAll(t, x, truth, bits)
			}
		}
	})
}
