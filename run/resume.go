package run

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/written"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// A runFolder is the folder of a search: what is known in it, what it has cost, and what a reader finds there.
type runFolder struct {
	*trial.Runner
	folder   *journal.Folder
	journal  *journal.Journal
	written  []string // keys of files that the metric command names and writes to
	recalled bool     // the journal was read
	derived  journal.Derived
	before   journal.Spent // by earlier sessions of the run
	spent    journal.Spent // so far, with those
	from     spentBy       // what the evaluator had done before this search began
	nowKept  time.Time     // when how the search stands was written down last
	counted  time.Time     // since when the session has cost what the journal has not; zero: from its start
	trials   trialBook

	unsure []string // masks that were scored since members were held against each other, as text

	distances map[string]float64      // of masks, by their keys, as far as they are known
	defaults  map[string]search.Score // in a default session, likewise, as far as other runs know them

	layout   string   // the mask for which the journal's unfinished trials have the samples laid out; empty: none
	arranged bool     // the evaluator has them so too
	later    []func() // that tell it of these trials then

	proofFrom, proofTo float64 // the evaluator's work before the proof, and with it; see Stats.Samples
}

// spentBy is what an evaluator has done by some moment.
type spentBy struct {
	masks   int
	samples float64 // whole-network passes of a sample
}

// openFolder takes the run folder, and its journal if the run in it may go on. What is to be overwritten stays until
// the search begins. With --force an unfinished run of the same fingerprint goes on too: only what cannot go on is
// given up.
func (s *runFolder) openFolder() error {
	if err := refuseOwn(s.Config); err != nil {
		return err
	}
	err := s.openOwn()
	if err == nil {
		err = s.checkReuse()
	}
	return err
}

// refuseOwn refuses a --reuse of the folder that is written.
func refuseOwn(c config.Config) error {
	if c.Reuse == "" || !sameFolder(c.Reuse, c.Out) {
		return nil
	}
	return mistake.Errorf("--reuse %s: --out names the same folder; the same command resumes the run in it, and another one needs a new folder", c.Reuse)
}

func (s *runFolder) openOwn() error {
	var err error
	open := journal.OpenFolder
	if s.Config.Second() {
		open = journal.OpenLadder
	}
	if s.folder, err = open(s.Config.Out); err != nil {
		return err
	}
	for _, f := range s.Files {
		if sameFolder(filepath.Dir(f.Path), s.Config.Out) {
			return mistake.Errorf("%s lies in the folder that --out names, which the search writes into: copy it elsewhere first", journal.FileText(f))
		}
	}
	if s.folder.Lost && !s.Config.Force {
		return mistake.Errorf("%s: the folder holds a run whose %s is gone; %s", s.Config.Out, journal.JournalFile, journal.JournalCure)
	}
	if s.Config.Force {
		if kind, err := journal.JournalKind(s.folder.File(journal.JournalFile)); err != nil || kind != journal.OurJournal {
			return err
		}
	}
	s.journal, err = journal.Open(s.folder.File(journal.JournalFile), s.fingerprint())
	if err != nil && s.Config.Force {
		s.journal = nil
		return nil
	}
	if err == nil {
		s.leaveOut(s.journal.Spared)
	}
	return err
}

// goOn is recall for a run that may be given up with --force.
func (s *runFolder) goOn() error {
	if s.journal == nil {
		return nil
	}
	err := s.recall()
	if err == nil || !s.Config.Force || ExitCode(err) != ExitMistake {
		return err
	}
	err = s.journal.Close()
	s.journal = nil
	return err
}

// overwrite removes the run that --force gives up, and begins a journal in its place.
func (s *runFolder) overwrite() error {
	uses := journal.UsesOf(s.folder)
	err := s.folder.Clear(exportFiles())
	if err == nil {
		s.journal, err = journal.Open(s.folder.File(journal.JournalFile), s.fingerprint())
	}
	if err == nil {
		err = s.journal.KeepUses(uses)
	}
	if err != nil {
		return err
	}
	return s.recall()
}

// limits are what the journal's rows must keep to: those of the evaluator, which has scored the network without
// demotions.
func (s *runFolder) limits() journal.Limits {
	return journal.Limits{Holders: len(s.Records), Total: s.HighScore.Total, Blocks: s.Ev.Blocks(), Folds: s.Ev.Folds()}
}

// recall tells the evaluator what the journal knows, and has it told what the evaluator learns. The network without
// demotions is scored whenever a run begins or goes on: with another answer than the journal has nothing that is in
// it can be relied on, whatever the cause.
func (s *runFolder) recall() error {
	var err error
	if s.before, err = s.journal.Spent(); err != nil {
		return err
	}
	if s.recalled { // an earlier evaluator, in this process, has left its costs in the journal
		s.counted = time.Now()
	}
	s.recalled = true
	sameBlocks, err := s.journal.Blocks(s.Options.Block)
	if err != nil {
		return err
	}
	if !sameBlocks {
		forget := s.journal.ForgetUnfinished // how far trials have come is told in blocks
		if s.Can().MayRound {                // for another batch its libraries may choose other kernels
			forget = s.journal.Forget
		}
		if err := forget(); err != nil {
			return err
		}
	}
	if err := s.checkBits(); err != nil {
		return err
	}
	if s.layout, err = s.journal.Layout(); err != nil {
		return err
	}
	s.arranged, s.later = false, nil
	var high *search.Score
	var restore []func()
	err = s.journal.Load(s.limits(),
		func(m search.Mask, score search.Score, outcomes []byte) {
			if m.Count() == 0 {
				high = &score
				return
			}
			restore = append(restore, func() {
				s.Ev.Restore(m, score)
				s.Ev.RestorePacked(m, outcomes)
			})
		},
		func(m search.Mask, p bounds.Progress, outcomes []byte) {
			put := func() { s.Ev.RestoreProgress(m, p, outcomes) }
			if s.layout != "" { // of blocks that the proof makes
				s.later = append(s.later, put)
				return
			}
			restore = append(restore, put)
		})
	if err != nil {
		return err
	}
	if high != nil && !written.SameScore(*high, s.HighScore) {
		if sameBlocks {
			return s.otherAnswer(*high)
		}
		// Blocks of another size have turned a rounding: what was learnt with them is of another network, by a hair.
		if err := s.journal.Forget(); err != nil {
			return err
		}
		high, restore, s.later, s.layout = nil, nil, nil, ""
	}
	if none := search.NewMask(len(s.Records)); high == nil {
		if err := s.journal.Learnt(none, s.HighScore, s.Ev.PackKnown(none)); err != nil {
			return err
		}
	}
	if err := s.recallDistances(); err != nil {
		return err
	}
	for _, f := range restore {
		f()
	}
	if n := len(restore) + len(s.later); n > 0 {
		s.Config.Say(fmt.Sprintf("going on with a run that knows %d masks", n))
	}
	if err := s.keepRanges(); err != nil {
		return err
	}
	if err := s.reuse(); err != nil {
		return err
	}
	s.follow()
	return s.commandWrites()
}

// checkBits refuses to go on where the device computes other bits than the one that the run began on: scores of both
// would not be of one network. A journal of a version that did not write them down gets those of now.
func (s *runFolder) checkBits() error {
	bits := s.Ev.Bits()
	if bits == "" {
		return nil
	}
	h := sha256.New()
	fmt.Fprint(h, s.Options.Block, s.Records)
	was, err := s.journal.Bits(hex.EncodeToString(h.Sum(nil)), bits)
	if err != nil || was == "" || was == bits {
		return err
	}
	return mistake.Errorf("%s: the device computes other bits now, %.8s, than when the run began, %.8s, though its files are the same; go on where it began; %s",
		s.folder.Path, bits, was, journal.JournalCure)
}

// otherAnswer says that the run in the folder scored the 16-bit network otherwise.
func (s *runFolder) otherAnswer(then search.Score) error {
	cause := "something that is no file of the run has changed"
	if s.Command != nil {
		cause = "the metric command, or something that it reads, has changed"
	}
	return mistake.Errorf("%s: all int16 scores %s now and scored %s when the run began, though its files are the same: %s; %s",
		s.folder.Path, s.Text(s.HighScore), s.Text(then), cause, journal.JournalCure)
}
