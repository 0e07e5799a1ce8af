//go:build cuda

package cuda_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/cuda"
)

// firstMaximum is the definition of top-1: a NaN is never greater than what came before it, and nothing is greater than a NaN.
func firstMaximum(row []float32) int64 {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return int64(best)
}

// topK is the definition of the sample bit: fewer than k classes come before the label, ties by index; for k = 1 the first maximum.
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

func TestArgmaxIsTheFirstMaximum(t *testing.T) {
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		r := rand.New(rand.NewPCG(7, 2))
		for _, classes := range []int{1, 2, 31, 32, 33, 64, 100} {
			const samples = 211
			rows := scores(samples, classes, r)
			x, best := upload(t, d, s, "scores", rows), room[int64](t, d, "best", samples)
			do(t, d.Argmax(best, x, samples, classes).Run(s))
			for i, got := range download(t, s, best) {
				if want := firstMaximum(rows[i*classes : (i+1)*classes]); got != want {
					t.Errorf("%d classes, sample %d: got %d, want %d", classes, i, got, want)
				}
			}
			closeAll(t, x, best)
		}
	})
}

// Agreement with another network is top-1 against its best classes, whatever ties and NaN it has.
func TestAgreementByLabelsOfArgmax(t *testing.T) {
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		const samples, classes = 500, 6
		r := rand.New(rand.NewPCG(7, 3))
		rows, other := scores(samples, classes, r), scores(samples, classes, r)
		x, y := upload(t, d, s, "scores", rows), upload(t, d, s, "reference", other)
		best, bits := room[int64](t, d, "best", samples), room[uint8](t, d, "bits", cuda.MaskBytes(samples))
		do(t, d.Argmax(best, y, samples, classes).Run(s))
		do(t, d.TopK(bits, x, best, samples, classes, 1).Run(s))
		got := download(t, s, bits)
		for i := range samples {
			want := firstMaximum(rows[i*classes:(i+1)*classes]) == firstMaximum(other[i*classes:(i+1)*classes])
			if got[i/8]>>(i%8)&1 == 1 != want {
				t.Errorf("sample %d: want %v", i, want)
			}
		}
		closeAll(t, x, y, best, bits)
	})
}

// compareParts compares the four sums of a sample with float64 ones: pairs of floats carry about 44 bits.
func compareParts(t *testing.T, sample int, got, y, reference []float32) {
	t.Helper()
	var want [4]float64
	for i, v := range y {
		r := reference[i]
		diff := float64(r) - float64(v)
		want[0] += float64(r) * float64(r)
		want[1] += diff * diff
		want[2] += float64(r) * float64(v)
		want[3] += float64(v) * float64(v)
	}
	scale := [4]float64{want[0], want[1], math.Sqrt(want[0] * want[3]), want[3]} // the products of the third may cancel
	for k, w := range want {
		sum := float64(got[2*k]) + float64(got[2*k+1])
		if math.Abs(sum-w) > 1e-13*scale[k] {
			t.Errorf("sample %d, sum %d: got %g, want %g (off by %g of the scale)", sample, k, sum, w, math.Abs(sum-w)/scale[k])
		}
	}
}

func TestOutputParts(t *testing.T) {
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		r := rand.New(rand.NewPCG(7, 4))
		for _, width := range []int{1, 2, 31, 32, 33, 1000, 5001} {
			const samples = 9
			rows, other := make([]float32, samples*width), make([]float32, samples*width)
			for i := range rows {
				other[i] = float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(6)-3)))
				rows[i] = other[i] + float32(r.NormFloat64()*1e-4)
			}
			y, reference := upload(t, d, s, "y", rows), upload(t, d, s, "reference", other)
			parts := room[float32](t, d, "parts", cuda.PartsPerSample*samples)
			do(t, d.OutputParts(parts, y, reference, samples, width).Run(s))
			got := download(t, s, parts)
			for i := range samples {
				compareParts(t, i, got[i*cuda.PartsPerSample:], rows[i*width:(i+1)*width], other[i*width:(i+1)*width])
			}
			closeAll(t, y, reference, parts)
		}
	})
}
