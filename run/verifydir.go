package run

import (
	"context"
	"os"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/record"
	"example.org/demote/internal/task"
	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// Verify is the command verify: it repeats a run's own check. The run's inputs are read again from where its
// result.json says they were; one that has changed since is refused by name. A score by a metric command is made only
// if c gives the very command: none is ever taken from a folder. The error matches written.ErrExport if the file does
// not compute what was searched, or scores otherwise than the result says.
func Verify(ctx context.Context, dir string, c config.Config) (*result.Verified, error) {
	if err := config.OnlyCPU(c, "verify"); err != nil {
		return nil, err
	}
	path := (&journal.Folder{Path: dir}).File(journal.MixedFile)
	r, err := readRun(dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return nil, mistake.Errorf("%s holds no %s: the run in it has not come to its end", dir, journal.MixedFile)
	}
	if r.Verified == nil { // what lies there is of a session before
		return nil, mistake.Errorf("%s: the run in it has not come to its end, and its %s may be of an earlier session; give the search's own command again", dir, journal.MixedFile)
	}
	s, mask, err := reopen(ctx, dir, c)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.Compile(ctx); err != nil {
		return nil, err
	}
	found, err := s.checker().Verify(ctx, mask, path)
	if err != nil {
		return nil, err
	}
	_, err = s.checker().Judge(found)
	return found.Verified, err
}

// resolveRecorded finds again what the search compared scores with.
func (s *searchRun) resolveRecorded(r *config.Result) error {
	var err error
	if s.within = !r.HasTarget(); s.within {
		return s.wanted.resolve(s.Scale(), search.Endpoints{})
	}
	if s.Config.Rung != nil {
		s.part = s.Config.Rung.Share
	}
	if s.target, err = search.ParseTarget(r.Target.Text); err != nil {
		return err
	}
	high, low := r.Score.High, r.Score.Low
	if r.Given != nil {
		high, low = r.Given.High, r.Given.Low
	}
	if r.Ladder != nil && r.Ladder.Before != nil {
		high, low = r.Ladder.Before.Score.High, r.Ladder.Before.Score.Low
	}
	ends := search.Endpoints{High: record.Search(high, s.Metric.Lower), Low: record.Search(low, s.Metric.Lower)}
	if r.Score.Float != nil {
		float := record.Search(r.Score.Float, s.Metric.Lower)
		ends.Float = &float
	}
	return s.wanted.resolve(s.Scale(), ends)
}

// mixOf is the mix of a result.
func (s *searchRun) mixOf(r *config.Result) (search.Mask, error) {
	if len(r.Holders) != len(s.Network.Holders) {
		return search.Mask{}, mistake.Errorf("the result has %d holders, the network %d", len(r.Holders), len(s.Network.Holders))
	}
	m := task.LowMask(s.Network.Holders)
	high := map[string]bool{}
	for _, name := range r.Promotion {
		high[name] = true
	}
	for i, h := range s.Network.Holders {
		if h.Name != r.Holders[i].Name {
			return m, mistake.Errorf("holder %d is %s in the result and %s in the network", i, r.Holders[i].Name, h.Name)
		}
		if high[h.Name] {
			m.Promote(i)
		}
	}
	return m, nil
}
