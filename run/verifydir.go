package run

import (
	"context"
	"fmt"
	"os"

	"demote/backend"
	"demote/search"
)

// Verify is the command verify: it repeats a run's own check. The run's inputs are read again from
// where its result.json says they were; one that has changed since is refused by name. The error
// matches ErrExport if the file does not compute what was searched, or scores another count than
// the result says.
func Verify(ctx context.Context, dir string, c Config) (*Verified, error) {
	r, err := ReadResult(dir)
	if err != nil {
		return nil, err
	}
	cfg := r.Config
	cfg.Progress, cfg.Say, cfg.Log, cfg.Version = c.Progress, c.Say, c.Log, c.Version
	cfg.Workers, cfg.Threads, cfg.Device = c.Workers, c.Threads, c.Device
	s := &searching{config: cfg.withDefaults()}
	defer s.Close()
	if _, err := os.Stat((&Folder{Path: dir}).File(MixedFile)); err != nil {
		return nil, mistakef("%s holds no %s: the run in it has not come to its end", dir, MixedFile)
	}
	if s.prepared, err = prepareAny(ctx, s.config); err != nil {
		return nil, err
	}
	for i, f := range s.files {
		if i < len(r.Inputs) && f.SHA256 != r.Inputs[i].SHA256 {
			return nil, mistakef("%s has changed since the run in %s: its sha256 is %s, it was %s", f.Path, dir, f.SHA256, r.Inputs[i].SHA256)
		}
	}
	mask, err := r.mask(s)
	if err != nil {
		return nil, err
	}
	if s.metric, err = backend.MetricByName(r.Metric); err != nil {
		return nil, err
	}
	s.folder = &Folder{Path: dir}
	if err := s.compile(ctx); err != nil {
		return nil, err
	}
	v, err := s.verify(ctx, mask)
	if err != nil {
		return nil, err
	}
	if !v.Identical {
		return v, fmt.Errorf("%w: its outputs differ from the search's, first in tensor %s", ErrExport, v.FirstDiffering)
	}
	if m := r.Score.Mixed; m != nil && m.Correct != nil && *m.Correct != *v.Correct {
		return v, fmt.Errorf("%w: %d are correct, the result says %d", ErrExport, *v.Correct, *m.Correct)
	}
	return v, nil
}

// mask is the mix of a result.
func (r *Result) mask(s *searching) (search.Mask, error) {
	if len(r.Holders) != len(s.network.Holders) {
		return search.Mask{}, mistakef("the result has %d holders, the network %d", len(r.Holders), len(s.network.Holders))
	}
	m := lowMask(s.network.Holders)
	high := map[string]bool{}
	for _, name := range r.Promotion {
		high[name] = true
	}
	for i, h := range s.network.Holders {
		if h.Name != r.Holders[i].Name {
			return m, mistakef("holder %d is %s in the result and %s in the network", i, r.Holders[i].Name, h.Name)
		}
		if high[h.Name] {
			m.Promote(i)
		}
	}
	return m, nil
}
