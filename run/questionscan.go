package run

import (
	"hash/maphash"
	"math"
	"runtime"
	"runtime/debug"
	"sync"

	"example.org/demote/backend"
	"example.org/demote/crash"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
)

// A scan is what a set of samples is like.
type scan struct {
	// of each sample: of 64 bits by a secret seed, so that two samples of ten million share one by chance once in
	// 400,000 sets
	sums []uint64
	// lowest and highest finite value of each input; low is above high where it holds no float32 or none that is
	// finite
	low, high []float64
	beyond    []int // values of each input that lie outside the limits that were given
	far       []int // values that lie so far outside that no larger sample would explain it
	values    []int // of each input
	elems     int   // of all inputs of a sample
}

// seed makes sums comparable within the process.
var seed = maphash.MakeSeed()

// margin is the part of a calibrated range that values may lie beyond it before they count as far outside.
const margin = 1. / 16

// scanSamples reads every sample once, on all cores. limits is the scan that values are held against; nil: none.
func scanSamples(set *dataset.Set, inputs []backend.Tensor, limits *scan) (*scan, error) {
	whole := newScan(set.Len(), len(inputs))
	workers := min(runtime.GOMAXPROCS(0), max(1, set.Len()/16))
	parts, errs := make([]*scan, workers), make([]error, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			defer crash.Catch(&errs[w])
			debug.SetPanicOnFault(true) // as in the goroutine that waits for this one
			parts[w] = newScan(0, len(inputs))
			parts[w].sums = whole.sums
			errs[w] = parts[w].read(set, inputs, limits, w*set.Len()/workers, (w+1)*set.Len()/workers)
		})
	}
	all.Wait()
	for i, p := range parts {
		if errs[i] != nil {
			return nil, errs[i]
		}
		whole.add(p)
	}
	return whole, nil
}

func newScan(samples, inputs int) *scan {
	s := &scan{sums: make([]uint64, samples), low: make([]float64, inputs), high: make([]float64, inputs),
		beyond: make([]int, inputs), far: make([]int, inputs), values: make([]int, inputs)}
	for i := range inputs {
		s.low[i], s.high[i] = math.Inf(1), math.Inf(-1)
	}
	return s
}

func (s *scan) add(p *scan) {
	for i := range s.low {
		s.low[i], s.high[i] = min(s.low[i], p.low[i]), max(s.high[i], p.high[i])
		s.beyond[i] += p.beyond[i]
		s.far[i] += p.far[i]
		s.values[i] += p.values[i]
	}
	s.elems = max(s.elems, p.elems)
}

// read scans the samples from up to to.
func (s *scan) read(set *dataset.Set, inputs []backend.Tensor, limits *scan, from, to int) error {
	var sum maphash.Hash
	sum.SetSeed(seed)
	buffers := make([][]float32, len(inputs))
	for i := range inputs {
		s.elems += set.SampleBytes(i) / max(1, inputs[i].Type.Size())
	}
	for n := from; n < to; n++ {
		sum.Reset()
		for i, in := range inputs {
			size := set.SampleSize(i, n)
			if len(buffers[i]) != (size+3)/4 {
				buffers[i] = make([]float32, (size+3)/4)
			}
			bytes := blocks.BytesOf(buffers[i])[:size]
			if err := set.Read(i, n, bytes); err != nil {
				return err
			}
			sum.Write(bytes)
			if in.Type == backend.DType(ir.Float) {
				s.measure(i, buffers[i], limits)
			}
		}
		s.sums[n] = sum.Sum64()
	}
	return nil
}

// measure books the values of one input of one sample.
func (s *scan) measure(input int, values []float32, limits *scan) {
	low, high := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, v := range values {
		if v-v != 0 { // NaN and infinities
			continue
		}
		low, high = min(low, v), max(high, v)
	}
	s.low[input], s.high[input] = min(s.low[input], float64(low)), max(s.high[input], float64(high))
	s.values[input] += len(values)
	if limits == nil || limits.low[input] > limits.high[input] {
		return
	}
	from, to := float32(min(0, limits.low[input])), float32(max(0, limits.high[input])) // every grid holds 0
	if low >= from && high <= to {
		return
	}
	more := margin * (to - from)
	for _, v := range values {
		if v < from || v > to {
			s.beyond[input]++
			if v < from-more || v > to+more {
				s.far[input]++
			}
		}
	}
}
