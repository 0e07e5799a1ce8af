package run

import (
	"testing"

	"example.org/demote/dataset"
	"example.org/demote/internal/holdout"
)

// TestSampleSums holds that sums which are computed on all cores are those of each sample.
func TestSampleSums(t *testing.T) {
	set, err := dataset.Open(randomImages(t, t.TempDir()+"/x.npy", 100, 1), []dataset.Input{{Name: "image", Type: dataset.Float32, Dims: []int64{-1, 1, 8, 8}, Batched: true}}, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	sums, err := holdout.SampleSums(set)
	if err != nil || len(sums) != 100 {
		t.Fatal(len(sums), err)
	}
	for i, sum := range sums {
		if want, err := set.SampleHash(i); err != nil || sum != want {
			t.Errorf("sample %d: %x, %v", i, sum, err)
		}
	}
}
