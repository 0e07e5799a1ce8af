package live

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.org/demote/internal/journal"
	"example.org/demote/mistake"
	"example.org/demote/report"
	"example.org/demote/result"
)

// A State is how a run stood a moment ago.
type State struct {
	Dir string // of the run: the folder, or the one of a list of targets that was written last
	journal.Now
	Run *report.Run // what result.json has, which is written about once a second

	Int8, Int16 []string // what the last mask has at the low and at the high width, other than the best mix so far
}

// Read reads how the run of a folder stands. ok is false as long as nothing can be said: there is no folder, or the
// search has not begun its evaluations. A folder that holds something else is mistake.Err.
//
// Of the runs of a list of targets, and of the steps of a ladder, it is the one that was written last; it has ended
// when all of them have.
func Read(dir string) (s State, ok bool, err error) {
	runs := journal.RunsIn(dir)
	if len(runs) == 0 && len(journal.StepsIn(dir)) == 0 {
		return s, false, notBegun(dir)
	}
	step, second := filepath.Join(dir, journal.StepFolder), slices.Contains(runs, dir)
	if second {
		runs = append(runs, journal.RunsIn(step)...)
	}
	ended, own := true, time.Time{} // own: when the folder itself was written
	for _, one := range journal.StepsIn(dir) {
		ended = ended && slices.Contains(runs, filepath.Dir(one))
		runs = append(runs, journal.RunsIn(one)...)
	}
	for _, one := range runs {
		now, err := journal.ReadNow(one)
		if err != nil {
			return s, false, err
		}
		if one == dir {
			own = now.At
		}
		ended = ended && now.Finished
		if s.Dir == "" || now.At.After(s.At) {
			s.Dir, s.Now = one, now
		}
	}
	if s.Dir == step { // the second step is still to come, unless it is over and had nothing to try
		if ended = ended && second && own.IsZero(); ended {
			s.Dir, s.Now = dir, journal.Now{}
		}
	}
	s.Finished = ended
	s.Run = report.Read(s.Dir)
	s.compare()
	return s, !s.At.IsZero() || s.Finished, nil
}

// notBegun says what is wrong with a folder without a run, if something is.
func notBegun(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(filepath.Clean(dir))); err != nil {
			return mistake.Errorf("%s: there is no such folder, nor the one that it would lie in", dir)
		}
		return nil
	case err != nil:
		return mistake.Errorf("%s: not a run folder: %w", dir, err)
	case len(entries) > 0 && !begins(entries):
		return mistake.Errorf("%s: not a run folder of demote: it has no %s", dir, journal.JournalFile)
	}
	return nil
}

// begins tells whether a folder is one of a search that has only just begun: nothing but its lock and hidden files.
func begins(entries []fs.DirEntry) bool {
	for _, e := range entries {
		if e.Name()[0] != '.' {
			return false
		}
	}
	return true
}

// compare finds out how the last mask differs from the best mix.
func (s *State) compare() {
	if len(s.Mask) != len(s.Run.Holders) {
		return
	}
	for i, h := range s.Run.Holders {
		best := h.Precision == s.Run.LowName()
		if h.Weights {
			best = h.IsLow()
		}
		switch {
		case s.Mask[i] == '1' && !best:
			s.Int8 = append(s.Int8, h.Name)
		case s.Mask[i] != '1' && best:
			s.Int16 = append(s.Int16, h.Name)
		}
	}
}

// Silent is how long the run has written nothing.
func (s *State) Silent() time.Duration { return time.Since(s.At) }

// Best is the score of the best mix so far; nil: there is none.
func (s *State) Best() *result.Score { return s.Run.Score.Mixed }

// summary is what a page shows of it in a line.
func (s *State) summary() map[string]any {
	return map[string]any{"text": s.Text(), "int8": s.Low, "holders": s.Units, "finished": s.Finished}
}

// Text says in a line how the search stands.
func (s *State) Text() string {
	if s.Finished {
		return "the search has ended"
	}
	text := fmt.Sprintf("%d of %d %s now, best %d; %s, %s%s", s.Low, s.Units, s.Run.AreLow(), s.BestLow, result.Count(s.Evaluations, "evaluation"), result.Count(s.Trials, "mask"), s.Rate())
	if tried := s.Tried(); tried != "" {
		text += "; tried: " + tried
	}
	return text
}

// Rate is how many masks a second the session has run, behind a comma; empty where there is nothing to count.
func (s *State) Rate() string {
	if s.Seconds <= 0 || s.Trials == 0 {
		return ""
	}
	return fmt.Sprintf(", %.2g masks/s", float64(s.Trials)/s.Seconds)
}

// most is how many names a line has.
const most = 3

// Tried says what the last mask has otherwise than the best mix.
func (s *State) Tried() string {
	var parts []string
	for _, one := range []struct {
		names []string
		width string
	}{{s.Int8, s.Run.LowName()}, {s.Int16, s.Run.HighName()}} {
		switch n := len(one.names); {
		case n > most:
			parts = append(parts, fmt.Sprintf("%s and %d more in %s", one.names[0], n-1, one.width))
		case n > 0:
			parts = append(parts, strings.Join(one.names, ", ")+" in "+one.width)
		}
	}
	return strings.Join(parts, "; ")
}

// print tells two contents of result.json apart.
func (s *State) print() []byte {
	info, err := os.Stat(filepath.Join(s.Dir, result.File))
	if err != nil {
		return []byte{}
	}
	return fmt.Appendf(nil, "%s %d %d", s.Dir, info.ModTime().UnixNano(), info.Size())
}
