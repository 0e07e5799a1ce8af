package trial_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
)

// TestNoMoreWorkersThanBlocks holds that workers beyond the blocks are not made: each has buffers for the whole
// network.
func TestNoMoreWorkersThanBlocks(t *testing.T) {
	for _, c := range []struct{ samples, block, asked, want int }{{30, 15, 999, 2}, {30, 30, 4, 1}, {30, 8, 3, 3}, {30, 1000, 999, 1}} {
		cfg := tasktest.TinyConfig(t, c.samples)
		cfg.Block, cfg.Workers = c.block, c.asked
		if got := trialtest.Compiled(t, cfg).Ev.Workers(); got != c.want {
			t.Errorf("%d samples in blocks of %d, --workers %d: %d workers, want %d", c.samples, c.block, c.asked, got, c.want)
		}
	}
}

// TestNoMoreThreadsThanCores holds that a worker has no more threads than the process may run at once: a search of
// two seconds took more than ten minutes with 999.
func TestNoMoreThreadsThanCores(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 30)
	cfg.Threads = 999
	s := trialtest.Compiled(t, cfg)
	if got, want := s.Ev.Threads(), runtime.GOMAXPROCS(0); got != want {
		t.Errorf("--threads 999: %d threads on %d cores", got, want)
	}
}

// TestWorkersAreWhatMayRun holds that a process that may run one thread at once, by a container's quota or otherwise,
// has one worker, however many processors the machine has.
func TestWorkersAreWhatMayRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	cfg := tasktest.TinyConfig(t, 30)
	if got := trialtest.Compiled(t, cfg).Ev.Workers(); got != 1 {
		t.Errorf("%d workers where one thread may run, for %d blocks", got, 4)
	}
	runtime.GOMAXPROCS(3)
	if got := trialtest.Compiled(t, cfg).Ev.Workers(); got != 3 {
		t.Errorf("%d workers where three threads may run, for %d blocks", got, 4)
	}
}

// TestAFixedBatchStays holds that a network with a batch of its own keeps it, however few samples there are.
func TestAFixedBatchStays(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 6)
	cfg.Model, cfg.Block = tasktest.FixedBatch(t, cfg.Model, 16), 0
	s := trialtest.Compiled(t, cfg)
	if s.Block != 16 || s.Inputs[0].Dims[0] != 16 || s.Ev.Workers() != 1 {
		t.Errorf("blocks of %d, inputs %v, %d workers; the network's batch is 16", s.Block, s.Inputs[0].Dims, s.Ev.Workers())
	}
}

// TestAnEvaluatorChecksTheBatch holds that blocks of another size than the source's batch are refused, and numbers
// below 0.
func TestAnEvaluatorChecksTheBatch(t *testing.T) {
	s := trialtest.Compiled(t, tasktest.TinyConfig(t, 30))
	src, err := s.Source(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*backend.Options)
		want   string
	}{
		{func(o *backend.Options) { o.Block = 10 }, "blocks of 10 samples, but input image of the source is [8 1 8 8]"},
		{func(o *backend.Options) { o.Block = 0 }, fmt.Sprintf("blocks of %d samples", backend.DefaultBlock)},
		{func(o *backend.Options) { o.Workers = -1 }, "--workers -1: give a number that is not negative"},
		{func(o *backend.Options) { o.Threads = -2 }, "--threads -2: give a number that is not negative"},
	} {
		o := s.Options
		c.change(&o)
		e, err := backend.New(context.Background(), src, s.Data, s.Records, o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
		if err == nil {
			e.Close()
		}
	}
}
