package holdout

import (
	"context"
	"path/filepath"
	"testing"

	"example.org/demote/dataset"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestSampleSums holds that sums which are computed on all cores are those of each sample.
func TestSampleSums(t *testing.T) {
	set, err := dataset.Open(tasktest.RandomImages(t, t.TempDir()+"/x.npy", 100, 1), []dataset.Input{{Name: "image", Type: dataset.Float32, Dims: []int64{-1, 1, 8, 8}, Batched: true}}, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	sums, err := sampleSums(set)
	if err != nil || len(sums) != 100 {
		t.Fatal(len(sums), err)
	}
	for i, sum := range sums {
		if want, err := set.SampleHash(i); err != nil || sum != want {
			t.Errorf("sample %d: %x, %v", i, sum, err)
		}
	}
}

// TestAHoldoutSmallerThanABlock holds it of the hold-out, which has samples of its own.
func TestAHoldoutSmallerThanABlock(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block, cfg.Holdout = 40, tasktest.RandomImages(t, filepath.Join(t.TempDir(), "held.npy"), 7, 9)
	s := trialtest.Compiled(t, cfg)
	target, err := search.ParseTarget(cfg.Target)
	if err != nil {
		t.Fatal(err)
	}
	held, err := Open(s, target)
	t.Cleanup(held.Close)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Evaluate(context.Background(), s, held, search.Claim{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if a.Block != 7 || a.Inputs[0].Dims[0] != 7 || s.Block != 40 || s.Inputs[0].Dims[0] != 40 {
		t.Errorf("7 samples held out run in blocks of %d %v; the 60 of the search in %d %v", a.Block, a.Inputs[0].Dims, s.Block, s.Inputs[0].Dims)
	}
}
