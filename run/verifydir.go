package run

import (
	"context"
	"fmt"
	"math"
	"os"

	"demote/search"
)

// Verify is the command verify: it repeats a run's own check. The run's inputs are read again from
// where its result.json says they were; one that has changed since is refused by name. The error
// matches ErrExport if the file does not compute what was searched, or scores another count than
// the result says.
func Verify(ctx context.Context, dir string, c Config) (*Verified, error) {
	if err := onlyCPU(c, "verify"); err != nil {
		return nil, err
	}
	path := (&Folder{Path: dir}).File(MixedFile)
	if _, err := ReadResult(dir); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, mistakef("%s holds no %s: the run in it has not come to its end", dir, MixedFile)
	}
	s, mask, err := reopen(ctx, dir, c)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.compile(ctx); err != nil {
		return nil, err
	}
	v, score, err := s.verify(ctx, mask, path)
	if err != nil {
		return nil, err
	}
	if _, err := s.judge(v, score); err != nil {
		return v, err
	}
	if m := s.result.Score.Mixed; v.Identical && m != nil && m.Correct != nil && *m.Correct != *v.Correct {
		return v, fmt.Errorf("%w: %d are correct, the result says %d", ErrExport, *v.Correct, *m.Correct)
	}
	return v, nil
}

// reopen prepares the search of a run folder again, from its result and the files that it names, and
// returns the mix that is in the result. How it runs is for c to say.
func reopen(ctx context.Context, dir string, c Config) (_ *searching, mask search.Mask, err error) {
	r, err := ReadResult(dir)
	if err != nil {
		return nil, mask, err
	}
	if r.Score.Mixed == nil {
		return nil, mask, mistakef("%s: the run in it has found no mix yet", dir)
	}
	cfg := r.Config
	cfg.Progress, cfg.Say, cfg.Log, cfg.Version = c.Progress, c.Say, c.Log, c.Version
	if cfg.MetricCmd == "" {
		cfg.Metric = r.Metric
	}
	cfg.Workers, cfg.Threads, cfg.Device = c.Workers, c.Threads, c.Device
	s := &searching{config: cfg.withDefaults(), result: r, folder: &Folder{Path: dir}}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.prepared, err = prepareAny(ctx, s.config); err != nil {
		return nil, mask, err
	}
	for i, f := range s.files {
		if i < len(r.Inputs) && f.SHA256 != r.Inputs[i].SHA256 {
			return nil, mask, mistakef("%s has changed since the run in %s: its sha256 is %s, it was %s", f.Path, dir, f.SHA256, r.Inputs[i].SHA256)
		}
	}
	if mask, err = r.mask(s); err != nil {
		return nil, mask, err
	}
	if s.metric, s.command, err = s.pickMetric(s.config); err != nil {
		return nil, mask, err
	}
	return s, mask, s.resolve(r)
}

// resolve finds again what the search compared scores with.
func (s *searching) resolve(r *Result) error {
	var err error
	if r.Int16Share != "" {
		s.above = math.Inf(-1)
		return nil
	}
	if s.target, err = search.ParseTarget(r.Target.Text); err != nil {
		return err
	}
	ends := search.Endpoints{High: r.Score.High.score(s.metric.Lower), Low: r.Score.Low.score(s.metric.Lower)}
	if r.Score.Float != nil {
		float := r.Score.Float.score(s.metric.Lower)
		ends.Float = &float
	}
	goal, err := s.target.Resolve(s.scale(), ends)
	s.above = goal.Above
	return err
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
