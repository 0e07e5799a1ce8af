package trial_test

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"

	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestBytesASample holds what is kept of each sample beside its data, with 50,000 of them: order, labels,
// counters, at most 64 bytes; and that stored activations stay within their budget.
func TestBytesASample(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const samples, budget = 50_000, 8 << 20
	cfg := tasktest.TinyConfig(t, 8)
	cfg.Data, cfg.Block, cfg.Cache = tasktest.RandomImages(t, filepath.Join(t.TempDir(), "many.npy"), samples, 2), 50, -1
	cfg.EveryCut = false
	s := trialtest.Compiled(t, cfg)
	s.Ev.Close()
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	s.Ev = nil
	before := heap()
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ev.Score(context.Background(), task.LowMask(s.Network.Holders)); err != nil {
		t.Fatal(err)
	}
	if each := float64(heap()-before) / samples; each > 64 {
		t.Errorf("%.1f bytes a sample", each)
	}
	runtime.KeepAlive(s)
	s.Ev.Close()
	s.Config.Cache = budget
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	one := search.NewMask(len(s.Records))
	one.Demote(1)
	if _, err := s.Ev.Score(context.Background(), one); err != nil {
		t.Fatal(err)
	}
	if s.Plan.Bytes > budget {
		t.Errorf("%d bytes for stored activations, the budget is %d", s.Plan.Bytes, budget)
	}
}
