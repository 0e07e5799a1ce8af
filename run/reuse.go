package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"example.org/demote/backend/bounds"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/written"
	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// weightsKey is the setting of a fingerprint in which two runs may differ and still share outcomes.
const weightsKey = "class weights"

// checkReuse refuses a --reuse whose scores are not those of this search, before anything runs. It takes the ranges
// that the other run has chosen, if this one would choose among the same.
func (s *runFolder) checkReuse() error {
	dir := s.Config.Reuse
	if dir == "" || s.Config.Second() { // the first step has looked at it; how this one begins, that could not know
		return s.rangesOf(s.known())
	}
	list := s.knownIn(dir)
	if _, err := os.Stat(dir); len(list) == 0 && errors.Is(err, fs.ErrNotExist) && s.goesOn() {
		return nil // what it knew is in this run's own journal
	}
	if len(list) == 0 {
		return mistake.Errorf("--reuse %s: it holds no run of demote with scores; give the folder of a run, or leave it out", dir)
	}
	for _, one := range list {
		err := s.locked(one, func(_ *journal.Journal, theirs journal.Fingerprint) error {
			if _, why := s.shares(theirs); why != "" {
				return mistake.Errorf("--reuse %s: its scores are not those of this search: %s; leave it out", one, why)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return s.rangesOf(s.known())
}

// known are the folders whose scores this search takes over: what --reuse names, and the other targets of its list.
func (s *runFolder) known() []string {
	var list []string
	if s.Config.Reuse != "" {
		list = s.knownIn(s.Config.Reuse)
	}
	for _, dir := range s.Config.Shared {
		list = append(list, s.knownIn(dir)...)
	}
	return list
}

// knownIn are the runs that a folder has for this search: its own, or those of a list, and for a step of a ladder those
// of the same step. The first step also takes over from runs that are no ladder's.
func (s *runFolder) knownIn(dir string) (list []string) {
	for _, run := range journal.RunsIn(dir) {
		step := LadderFolder(run)
		_, err := os.Stat(step)
		switch {
		case s.Config.Second() && err != nil:
		case s.Config.First() && err == nil:
			list = append(list, step)
		default:
			list = append(list, run)
		}
	}
	return list
}

// rangesOf takes the ranges of other runs, but for second steps that begin with another mix than this one.
func (s *runFolder) rangesOf(list []string) error {
	for _, one := range list {
		err := s.locked(one, func(j *journal.Journal, theirs journal.Fingerprint) error {
			if _, why := s.shares(theirs); why != "" {
				return nil
			}
			return s.reuseRanges(j, theirs)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// goesOn reports whether the run has been searched before.
func (s *runFolder) goesOn() bool {
	if s.journal == nil {
		return false
	}
	spent, err := s.journal.Spent()
	return err == nil && spent.Seconds > 0
}

// reuse takes over what --reuse knows.
func (s *runFolder) reuse() error {
	for _, dir := range s.known() {
		if err := s.locked(dir, func(j *journal.Journal, theirs journal.Fingerprint) error { return s.takeFrom(dir, j, theirs) }); err != nil {
			return err
		}
	}
	return nil
}

// locked reads the journal of another run while nobody writes it.
func (s *runFolder) locked(dir string, f func(*journal.Journal, journal.Fingerprint) error) error {
	folder, err := journal.LockFolder(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	return reading(dir, f)
}

// reading reads the journal of a folder whose lock is held.
func reading(dir string, f func(*journal.Journal, journal.Fingerprint) error) error {
	j, theirs, err := journal.ReadScores(dir)
	if err != nil {
		return err
	}
	err = f(j, theirs)
	if cerr := j.Close(); err == nil {
		err = cerr
	}
	return err
}

// takeOver is reuse for a folder whose lock is held.
func (s *runFolder) takeOver(dir string) error {
	return reading(dir, func(j *journal.Journal, theirs journal.Fingerprint) error { return s.takeFrom(dir, j, theirs) })
}

// shares tells whether a score of another run is one of this search. derived: it is not, and follows from the outcomes.
// why says why neither is so, in a phrase.
func (s *runFolder) shares(theirs journal.Fingerprint) (derived bool, why string) {
	own, other := s.fingerprint().Scores(), theirs.Scores()
	ours, others := own.Settings[weightsKey], other.Settings[weightsKey]
	if ours != "" && others == "" || ours != others && s.Metric.Folds() {
		derived = true
		delete(own.Settings, weightsKey)
		delete(other.Settings, weightsKey)
	}
	return derived, own.Difference(other)
}

// reuseRanges takes the ranges that another run has chosen among all methods, if this one has the same constraints:
// choosing again would find the same.
func (s *runFolder) reuseRanges(j *journal.Journal, theirs journal.Fingerprint) error {
	own := s.fingerprint()
	for _, key := range []string{"pins", "groups", weightsKey} {
		if own.Settings[key] != theirs.Settings[key] {
			return nil
		}
	}
	if sumOf(own, "profile") != sumOf(theirs, "profile") {
		return nil
	}
	text, err := j.Ranges()
	if err != nil || text == "" {
		return err
	}
	var chosen trial.Ranges
	if json.Unmarshal([]byte(text), &chosen) != nil {
		return nil
	}
	if s.Chosen.Methods == nil && s.Chosen.Repairs == nil && chosen.Whole {
		s.Chosen = chosen
	}
	return nil
}

// sumOf is the sha256 of the input of a role; empty: there is none.
func sumOf(f journal.Fingerprint, role string) string {
	for _, in := range f.Inputs {
		if in.Role == role {
			return in.SHA256
		}
	}
	return ""
}

// takeFrom enters what another run knows into the evaluator and into this run's own journal. A run that has chosen
// other ranges has scores of other grids: it is left alone, and a warning says so.
func (s *runFolder) takeFrom(dir string, j *journal.Journal, theirs journal.Fingerprint) error {
	derived, why := s.shares(theirs)
	if why != "" && s.Config.Second() {
		s.Config.Say(fmt.Sprintf("%s: step 2 begins otherwise there, and its scores are not taken over: %s", dir, why))
		return nil
	}
	if why != "" {
		return mistake.Errorf("%s: its scores are not those of this search: %s; %s", dir, why, journal.JournalCure)
	}
	text, err := j.Ranges()
	if err != nil {
		return err
	}
	var chosen trial.Ranges
	if text != "" && json.Unmarshal([]byte(text), &chosen) != nil || !slices.Equal(chosen.Methods, s.Chosen.Methods) || !slices.Equal(chosen.Taken(), s.Chosen.Taken()) {
		s.Caution("reuse-ranges", fmt.Sprintf("%s has chosen other ranges or repairs: its scores are not taken over", dir), "--range METHOD and --repair LIST have both use the same")
		return nil
	}
	limits := s.limits()
	if derived && !limits.Folds {
		limits.Total = s.Data.Len()
	}
	laid, err := j.Layout()
	if err != nil {
		return err
	}
	block, err := j.BlockSize()
	if err != nil {
		return err
	}
	taken := 0
	var enter []func() error
	var high *search.Score
	err = j.Load(limits, func(m search.Mask, score search.Score, outcomes []byte) {
		if derived {
			follows, ok := s.Ev.FromPacked(outcomes)
			if !ok {
				return
			}
			score = follows
		}
		if m.Count() == 0 {
			high = &score
			return
		}
		enter = append(enter, func() error {
			if _, known := s.Ev.Known(m); known {
				return nil
			}
			taken++
			s.Ev.Restore(m, score)
			s.Ev.RestorePacked(m, outcomes)
			if s.journal == nil {
				return nil
			}
			return s.journal.Learnt(m, score, s.Ev.PackKnown(m))
		})
	}, func(m search.Mask, p bounds.Progress, outcomes []byte) {
		if derived || laid != "" || s.layout != "" || block != s.Options.Block { // other samples in a block
			return
		}
		enter = append(enter, func() error {
			s.Ev.RestoreProgress(m, p, outcomes)
			if s.journal == nil {
				return nil
			}
			return s.journal.Stopped(m, p, outcomes)
		})
	})
	if err != nil {
		return err
	}
	if high != nil && !written.SameScore(*high, s.HighScore) {
		return mistake.Errorf("%s: all int16 scores %s here and scored %s there, though the files are the same: its scores cannot be taken over; leave out --reuse", dir, s.Text(s.HighScore), s.Text(*high))
	}
	if !derived {
		if s.defaults == nil {
			s.defaults = map[string]search.Score{}
		}
		if err := j.EachInDefault(limits, func(m search.Mask, score search.Score) { s.defaults[m.Key()] = score }); err != nil {
			return err
		}
	}
	for _, f := range enter {
		if err := f(); err != nil {
			return err
		}
	}
	if !derived {
		if err := s.reuseDistances(j); err != nil {
			return err
		}
	}
	if taken > 0 {
		are := "are"
		if taken == 1 {
			are = "is"
		}
		s.Config.Say(fmt.Sprintf("%s: %s %s known from there", dir, result.Count(taken, "score"), are))
	}
	return nil
}

// reuseDistances takes over the distances of another run.
func (s *runFolder) reuseDistances(j *journal.Journal) error {
	known, err := j.Distances(len(s.Records))
	if err != nil {
		return err
	}
	for key, d := range known {
		if _, there := s.distances[key]; there {
			continue
		}
		s.distances[key] = d
		if s.journal != nil {
			if err := s.journal.LearntDistance(search.MaskOfKey(len(s.Records), key), d); err != nil {
				return err
			}
		}
	}
	return nil
}
