package run

import (
	"encoding/json"
	"slices"

	"example.org/demote/internal/commandfiles"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/task"
	"example.org/demote/result"
)

// commandWrites finds, once the metric command has answered for the first time, which of the files that it names have
// changed by that: they are what it writes, and no inputs of it. Those that it reads as well are watched by the score
// that is asked for again whenever a run goes on.
func (s *runFolder) commandWrites() error {
	if s.Command == nil || s.journal == nil || s.before.Seconds > 0 || s.before.Masks > 0 {
		return nil // a run that goes on has found it out
	}
	now := &task.Task{}
	for _, path := range commandfiles.Of(s.Config.MetricLine()) {
		if err := now.BookFile(journal.RoleCommand, path); err != nil {
			return err
		}
	}
	was := map[string]result.Input{}
	for i, key := range journal.Keys(s.Files) {
		was[key] = s.Files[i]
	}
	for i, key := range journal.Keys(now.Files) {
		f := now.Files[i]
		if old, known := was[key]; known && journal.FileChanged(f, old) == "" {
			continue
		}
		s.written = append(s.written, key)
		s.Config.Say(f.Path + ": the metric command writes it, so it is no input of the run")
	}
	if len(s.written) == 0 {
		return nil
	}
	return s.keepWritten()
}

// keepWritten leaves out of the run's inputs what the metric command writes to, here and in the journal.
func (s *runFolder) keepWritten() error {
	s.leaveOut(s.written)
	text, err := json.Marshal(s.fingerprint())
	if err != nil {
		return err
	}
	return s.journal.SetMeta(journal.FingerprintKey, string(text))
}

// leaveOut takes files that the metric command writes to out of the inputs.
func (s *runFolder) leaveOut(written []string) {
	if len(written) == 0 {
		return
	}
	var inputs []result.Input
	for i, key := range journal.Keys(s.Files) {
		if !slices.Contains(written, key) {
			inputs = append(inputs, s.Files[i])
		}
	}
	s.written, s.Files, s.Result.Inputs = written, inputs, inputs
}
