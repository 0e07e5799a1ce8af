package run

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"example.org/demote/crash"
	"example.org/demote/dataset"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// holdoutSet is the hold-out: samples that no trial ever sees.
type holdoutSet struct {
	set  *dataset.Set
	path string // of the file that they are from
	left int    // samples left out, for being copies of samples that the search sees
	id   string // sha256 of the samples' own sums, in rising order
}

// holdoutShare is the share of --holdout 30%; 0 where it names a file, or nothing that could be a share.
func (c Config) holdoutShare() float64 {
	digits, ok := strings.CutSuffix(c.Holdout, "%")
	if !ok {
		return 0
	}
	v, ok := decimalText(digits)
	if !ok || !(v > 0 && v < 100) {
		return 0
	}
	return v / 100
}

// confidence is --confidence as a number; 0 without one, or if it is none.
func (c Config) confidence() float64 {
	v, ok := decimalText(c.Confidence)
	if !ok || !(v > 0 && v < 1) {
		return 0
	}
	return v
}

// decimalText reads a plain decimal number.
func decimalText(text string) (float64, bool) {
	if strings.Trim(text, "0123456789.") != "" || len(text) > 40 {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	v, _ := r.Float64()
	return v, true
}

// checkPromise refuses choices of hold-out and confidence that cannot be meant.
func (c Config) checkPromise() error {
	switch {
	case c.Holdout != "" && len(c.State) > 0:
		return mistake.Errorf("--holdout %s: the steps of a sequence are not independent samples, which all that is said of a hold-out rests on: leave it out, and score the mix on others with demote eval", c.Holdout)
	case strings.HasSuffix(c.Holdout, "%") && c.holdoutShare() == 0:
		return mistake.Errorf("--holdout %s: give a share of the samples between 0%% and 100%%, such as 30%%, or a file", c.Holdout)
	case c.Confidence == "":
		return nil
	case c.confidence() == 0:
		return mistake.Errorf("--confidence %s: give a number between 0 and 1, such as 0.95", c.Confidence)
	case c.Holdout == "":
		return mistake.Errorf("--confidence %s: a promise is tested on samples that the search never sees; add --holdout FILE or --holdout 30%%", c.Confidence)
	case c.Int16Share != "":
		return mistake.Errorf("--confidence and --int16-share exclude each other: a promise is about a target; give --target")
	case c.Session == "default":
		return mistake.Errorf("--confidence and --session default exclude each other: a promise is about the mix as it was searched; choose --session exact")
	}
	return nil
}

// splitData takes a share of the samples out of the data. What is left is limited as the data would have been.
func splitData(data *dataset.Set, share float64, c Config) (*dataset.Set, error) {
	n := data.Len()
	count := int(math.Round(share * float64(n)))
	if count < 1 || count >= n {
		return nil, mistake.Errorf("--holdout %s: that is %d of the %d samples of %s, and both sides need some", c.Holdout, count, n, c.Data)
	}
	held := data.HoldOut(count, c.seed())
	data.Limit(c.Limit, c.seed())
	return held, nil
}

// openHoldout opens the hold-out that --holdout names and refuses one that cannot serve for a target; nil without one.
// What is returned is to be closed, with an error too.
func openHoldout(s *compiled, target search.Target) (*holdoutSet, error) {
	c := s.config
	if c.Holdout == "" {
		return nil, nil
	}
	a := &holdoutSet{set: s.held, path: c.Data}
	if a.set == nil { // a file, then
		var err error
		if a.set, err = openData(c.Holdout, "", s.model, c, 0); err != nil {
			return nil, err
		}
		a.path = c.Holdout
		if err := s.bookData("holdout", a.set); err != nil {
			return a, err
		}
		s.result.Inputs = s.files
	}
	s.held = a.set
	return a, a.check(s, target)
}

// Close gives the samples back.
func (a *holdoutSet) Close() {
	if a != nil && a.set != nil {
		a.set.Close()
	}
}

// check refuses a hold-out that cannot serve.
func (a *holdoutSet) check(s *compiled, target search.Target) error {
	c := s.config
	for i := range s.inputs {
		if mine, theirs := s.data.Shape(i), a.set.Shape(i); s.groups == nil && a.set.Shapes() == 0 && !slices.Equal(mine, theirs) {
			return mistake.Errorf("%s: samples of the hold-out have shape %v, those of %s %v: give one of that shape, or save both with an array a sample, %s_0, %s_1 and so on", a.path, theirs, c.Data, mine, s.inputs[i].Name, s.inputs[i].Name)
		}
	}
	if s.metric.NeedsLabels && !a.set.Labelled() {
		return mistake.Errorf("%s: metric %s needs labels, and the hold-out has none: add an array y", a.path, s.metric.Name)
	}
	if s.command != nil && s.data.Labelled() && !a.set.Labelled() {
		return mistake.Errorf("%s: the hold-out has no labels, and --metric-cmd gets those of %s: add an array y", a.path, c.Data)
	}
	if c.Confidence != "" && !s.metric.Countable {
		return mistake.Errorf("--confidence %s: metric %s does not count samples, and only counts can be promised; choose top1, top5 or agreement", c.Confidence, s.metric.Name)
	}
	if err := a.keepApart(s); err != nil {
		return err
	}
	return a.warnIfTooSmall(s, target)
}

// keepApart sees that no sample of the hold-out has a part in the search, by its sum as the network gets it. A file
// that shares one with the search or the calibration is refused. Where the hold-out is a share of the data, copies of
// samples on the other side are left out of it.
func (a *holdoutSet) keepApart(s *compiled) error {
	c := s.config
	own, sums, err := asideSums(a.set)
	if err != nil {
		return err
	}
	copies, err := shared(own, s.data)
	if err != nil {
		return err
	}
	if len(copies) > 0 && c.holdoutShare() == 0 {
		return mistake.Errorf("%s: %s is a sample that the search sees too, in %s (%d of %d are): a hold-out must have samples of its own", a.path, a.set.Name(copies[0]), c.Data, len(copies), a.set.Len())
	}
	if len(copies) == a.set.Len() {
		return mistake.Errorf("--holdout %s: every sample of it is a copy of one that the search sees", c.Holdout)
	}
	if len(copies) > 0 {
		a.left = len(copies)
		a.set.Drop(copies)
		if own, sums, err = asideSums(a.set); err != nil {
			return err
		}
	}
	a.id = idOf(sums)
	if c.Calib == "" {
		return nil
	}
	calib, err := openData(c.Calib, "", s.model, c, 0)
	if err != nil {
		return err
	}
	defer calib.Close()
	if copies, err = shared(own, calib); err != nil {
		return err
	}
	if len(copies) > 0 {
		return mistake.Errorf("%s: %s of the hold-out served the calibration too, in %s (%d of %d did): calibrate on other samples", a.path, a.set.Name(copies[0]), c.Calib, len(copies), a.set.Len())
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

// warnIfTooSmall warns, before anything is searched, of a hold-out on which nothing could be proven.
func (a *holdoutSet) warnIfTooSmall(s *compiled, target search.Target) error {
	n, c := a.set.Len(), s.config
	if a.left > 0 {
		s.caution("holdout-copies", fmt.Sprintf("%d samples of the hold-out are copies of samples that the search sees, and were left out", a.left), "")
	}
	if c.Confidence == "" { // which goes with a target
		return nil
	}
	claim := target.Claim(search.Resolved{}, c.confidence())
	if claim.Reference == search.NoReference || claim.Budget <= 0 {
		return nil
	}
	if least := search.LeastSamples(claim.Budget, claim.Level()); n < least {
		s.caution("holdout-too-small", fmt.Sprintf("the hold-out has %d samples: a loss below %g can be proven on no fewer than %d, even if no prediction changes", n, claim.Budget, least), "give --holdout more samples, or a target that leaves more room")
	}
	return nil
}
