package run

import (
	"fmt"

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

// recall tells the evaluator what the journal knows, and has it told what the evaluator learns.
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
	err = s.journal.Load(
		func(m search.Mask, score search.Score) { s.ev.Restore(m, score); known++ },
		func(m search.Mask, p bounds.Progress) { s.ev.RestoreProgress(m, p); known++ })
	if err != nil {
		return err
	}
	if known > 0 {
		s.config.Say(fmt.Sprintf("going on with a run that knows %d masks", known))
	}
	s.follow()
	return nil
}
