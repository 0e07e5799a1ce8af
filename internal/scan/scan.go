package scan

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

// A Scan is what a set of samples is like.
type Scan struct {
	// of each sample: of 64 bits by a secret seed, so that two samples of ten million share one by chance once in
	// 400,000 sets
	Sums []uint64
	// lowest and highest finite value of each input; low is above high where it holds no float32 or none that is
	// finite
	Low, High []float64
	Beyond    []int // values of each input that lie outside the limits that were given
	Far       []int // values that lie so far outside that no larger sample would explain it
	Values    []int // of each input
	Elems     int   // of all inputs of a sample
}

// seed makes sums comparable within the process.
var seed = maphash.MakeSeed()

// margin is the part of a calibrated range that values may lie beyond it before they count as far outside.
const margin = 1. / 16

// Samples reads every sample once, on all cores. limits is the scan that values are held against; nil: none.
func Samples(set *dataset.Set, inputs []backend.Tensor, limits *Scan) (*Scan, error) {
	whole := newScan(set.Len(), len(inputs))
	workers := min(runtime.GOMAXPROCS(0), max(1, set.Len()/16))
	parts, errs := make([]*Scan, workers), make([]error, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			defer crash.Catch(&errs[w])
			debug.SetPanicOnFault(true) // as in the goroutine that waits for this one
			parts[w] = newScan(0, len(inputs))
			parts[w].Sums = whole.Sums
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

// newScan is a scan that has seen nothing.
func newScan(samples, inputs int) *Scan {
	s := &Scan{Sums: make([]uint64, samples), Low: make([]float64, inputs), High: make([]float64, inputs),
		Beyond: make([]int, inputs), Far: make([]int, inputs), Values: make([]int, inputs)}
	for i := range inputs {
		s.Low[i], s.High[i] = math.Inf(1), math.Inf(-1)
	}
	return s
}

func (s *Scan) add(p *Scan) {
	for i := range s.Low {
		s.Low[i], s.High[i] = min(s.Low[i], p.Low[i]), max(s.High[i], p.High[i])
		s.Beyond[i] += p.Beyond[i]
		s.Far[i] += p.Far[i]
		s.Values[i] += p.Values[i]
	}
	s.Elems = max(s.Elems, p.Elems)
}

// read scans the samples from up to to.
func (s *Scan) read(set *dataset.Set, inputs []backend.Tensor, limits *Scan, from, to int) error {
	var sum maphash.Hash
	sum.SetSeed(seed)
	buffers := make([][]float32, len(inputs))
	for i := range inputs {
		s.Elems += set.SampleBytes(i) / max(1, inputs[i].Type.Size())
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
		s.Sums[n] = sum.Sum64()
	}
	return nil
}

// measure books the values of one input of one sample.
func (s *Scan) measure(input int, values []float32, limits *Scan) {
	low, high := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, v := range values {
		if v-v != 0 { // NaN and infinities
			continue
		}
		low, high = min(low, v), max(high, v)
	}
	s.Low[input], s.High[input] = min(s.Low[input], float64(low)), max(s.High[input], float64(high))
	s.Values[input] += len(values)
	if limits == nil || limits.Low[input] > limits.High[input] {
		return
	}
	from, to := float32(min(0, limits.Low[input])), float32(max(0, limits.High[input])) // every grid holds 0
	if low >= from && high <= to {
		return
	}
	more := margin * (to - from)
	for _, v := range values {
		if v < from || v > to {
			s.Beyond[input]++
			if v < from-more || v > to+more {
				s.Far[input]++
			}
		}
	}
}
