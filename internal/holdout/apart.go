package holdout

import (
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"example.org/demote/crash"
	"example.org/demote/dataset"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/mistake"
)

// keepApart sees that no sample of the hold-out has a part in the search, by its sum as the network gets it. A file
// that shares one with the search or the calibration is refused. Where the hold-out is a share of the data, copies of
// samples on the other side are left out of it.
func (a *Set) keepApart(s *trial.Runner) error {
	c := s.Config
	own, sums, err := asideSums(a.Set)
	if err != nil {
		return err
	}
	copies, err := shared(own, s.Data)
	if err != nil {
		return err
	}
	if len(copies) > 0 && c.HoldoutShare() == 0 {
		return mistake.Errorf("%s: %s is a sample that the search sees too, in %s (%d of %d are): a hold-out must have samples of its own", a.path, a.Set.Name(copies[0]), c.Data, len(copies), a.Set.Len())
	}
	if len(copies) == a.Set.Len() {
		return mistake.Errorf("--holdout %s: every sample of it is a copy of one that the search sees", c.Holdout)
	}
	if len(copies) > 0 {
		a.Left = len(copies)
		a.Set.Drop(copies)
		if own, sums, err = asideSums(a.Set); err != nil {
			return err
		}
	}
	a.ID = idOf(sums)
	if c.Calib == "" {
		return nil
	}
	calib, err := task.OpenCalib(s.Model, c)
	if err != nil {
		return err
	}
	defer calib.Close()
	if copies, err = shared(own, calib); err != nil {
		return err
	}
	if len(copies) > 0 {
		return mistake.Errorf("%s: %s of the hold-out served the calibration too, in %s (%d of %d did): calibrate on other samples", a.path, a.Set.Name(copies[0]), c.Calib, len(copies), a.Set.Len())
	}
	return nil
}

// asideSums are the sums of all samples of a set, by sample and as a table with the samples of each.
func asideSums(set *dataset.Set) (map[[sha256.Size]byte][]int, [][sha256.Size]byte, error) {
	sums, err := sampleSums(set)
	own := map[[sha256.Size]byte][]int{}
	for i, sum := range sums {
		own[sum] = append(own[sum], i)
	}
	return own, sums, err
}

// sampleSums are the sums of all samples of a set, computed on all cores.
func sampleSums(set *dataset.Set) ([][sha256.Size]byte, error) {
	sums := make([][sha256.Size]byte, set.Len())
	workers := min(runtime.GOMAXPROCS(0), max(1, set.Len()/16))
	var all errgroup.Group
	for w := range workers {
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			for i := w; i < len(sums) && err == nil; i += workers {
				sums[i], err = set.SampleHash(i)
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	return sums, nil
}

// shared lists the samples of a table of sums that another set has too, in rising order.
func shared(own map[[sha256.Size]byte][]int, other *dataset.Set) ([]int, error) {
	sums, err := sampleSums(other)
	if err != nil {
		return nil, err
	}
	var copies []int
	found := map[[sha256.Size]byte]bool{}
	for _, sum := range sums {
		if !found[sum] {
			found[sum] = true
			copies = append(copies, own[sum]...)
		}
	}
	slices.Sort(copies)
	return copies, nil
}

// idOf names a set of samples, whatever their order and the file that they are in.
func idOf(sums [][sha256.Size]byte) string {
	slices.SortFunc(sums, func(a, b [sha256.Size]byte) int { return slices.Compare(a[:], b[:]) })
	h := sha256.New()
	for _, sum := range sums {
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
