package direct

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"

	"example.org/demote/backend/device"
	"example.org/demote/crash"
)

// PassApart is Pass by a session of one thread a core, each over samples of its own: f gets blocks in any order, one
// at a time.
func PassApart(ctx context.Context, s *device.Segment, samples device.Samples, level int, f func(first, count int, outputs [][]float32) error) error {
	block := s.Inputs[0].Batch()
	blocks := (samples.Len() + block - 1) / block
	n := max(1, min(runtime.GOMAXPROCS(0), blocks))
	var one sync.Mutex
	all, ctx := errgroup.WithContext(ctx)
	for i := range n {
		first, end := i*blocks/n*block, min((i+1)*blocks/n*block, samples.Len())
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // weights may lie in a file that is mapped
			part := someSamples{samples, first, end - first}
			return passSteps(ctx, s, part, level, 1, func(at, count, step int, outputs [][]float32) error {
				one.Lock()
				defer one.Unlock()
				return f(first+at, count, outputs)
			})
		})
	}
	return all.Wait()
}

// someSamples are n of all samples, from one on.
type someSamples struct {
	device.Samples
	first, n int
}

func (s someSamples) Len() int { return s.n }

func (s someSamples) Read(input, sample int, dst []byte) error {
	return s.Samples.Read(input, s.first+sample, dst)
}
