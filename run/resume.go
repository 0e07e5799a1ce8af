package run

import (
	"fmt"
	"math"

	"demote/backend/bounds"
	"demote/search"
)

// openFolder takes the run folder, and its journal if the run in it may go on. What is to be
// overwritten stays until the search begins.
func (s *searching) openFolder() error {
	var err error
	if s.folder, err = OpenFolder(s.config.Out); err != nil || s.config.Force {
		return err
	}
	s.journal, err = OpenJournal(s.folder.File(JournalFile), s.fingerprint())
	return err
}

// overwrite removes the run that --force gives up, and begins a journal in its place.
func (s *searching) overwrite() error {
	uses := usesOf(s.folder)
	err := s.folder.Clear()
	if err == nil {
		s.journal, err = OpenJournal(s.folder.File(JournalFile), s.fingerprint())
	}
	if err == nil {
		err = s.journal.keepUses(uses)
	}
	if err != nil {
		return err
	}
	return s.recall()
}

// limits are what the journal's rows must keep to: those of the evaluator, which has scored the network without demotions.
func (s *searching) limits() Limits {
	return Limits{Holders: len(s.records), Total: s.high.Total, Blocks: s.ev.Blocks()}
}

// recall tells the evaluator what the journal knows, and has it told what the evaluator learns. The network without demotions
// is scored whenever a run begins or goes on: with another answer than the journal has nothing that is in it can be relied
// on, whatever the cause.
func (s *searching) recall() error {
	known := 0
	var err error
	if s.before, err = s.journal.Spent(); err != nil {
		return err
	}
	if s.shrunk { // how far trials have come is told in blocks
		if err := s.journal.ForgetUnfinished(); err != nil {
			return err
		}
	}
	var high *search.Score
	err = s.journal.Load(s.limits(),
		func(m search.Mask, score search.Score) {
			if m.Count() == 0 {
				high = &score
				return
			}
			s.ev.Restore(m, score)
			known++
		},
		func(m search.Mask, p bounds.Progress) { s.ev.RestoreProgress(m, p); known++ })
	if err != nil {
		return err
	}
	switch {
	case high == nil:
		if err := s.journal.Learnt(search.NewMask(len(s.records)), s.high); err != nil {
			return err
		}
	case !sameScore(*high, s.high) && !s.shrunk: // blocks of another size may turn a rounding
		return s.otherAnswer(*high)
	}
	if known > 0 {
		s.config.Say(fmt.Sprintf("going on with a run that knows %d masks", known))
	}
	s.follow()
	return nil
}

// sameScore tells whether two scores are the same answer.
func sameScore(a, b search.Score) bool {
	if a.Total > 0 || b.Total > 0 {
		return a.Count == b.Count && a.Total == b.Total
	}
	return math.Float64bits(a.Value) == math.Float64bits(b.Value)
}

// otherAnswer says that the run in the folder scored the 16-bit network otherwise.
func (s *searching) otherAnswer(then search.Score) error {
	cause := "something that is no file of the run has changed"
	if s.command != nil {
		cause = "the metric command, or something that it reads, has changed"
	}
	return mistakef("%s: all int16 scores %s now and scored %s when the run began, though its files are the same: %s; %s",
		s.folder.Path, s.text(s.high), s.text(then), cause, journalCure)
}
