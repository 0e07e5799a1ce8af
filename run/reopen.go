package run

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/trial"
	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// reopen prepares the search of a run folder again, from its result and the files that it names, and returns the mix
// that is in the result. How it runs is for c to say, and so is a metric command. What a folder says is a stranger's
// word: its files are read only if they are the ones that the run has read, by their sums.
func reopen(ctx context.Context, dir string, c config.Config) (_ *searchRun, mask search.Mask, err error) {
	r, err := readRun(dir)
	if err != nil {
		return nil, mask, err
	}
	if r.Score.Mixed == nil {
		return nil, mask, mistake.Errorf("%s: the run in it has found no mix yet", dir)
	}
	cfg := r.Config
	cfg.Progress, cfg.Left, cfg.Say, cfg.Log, cfg.Version, cfg.Entered = c.Progress, c.Left, c.Say, c.Log, c.Version, c.Entered
	cfg.Members, cfg.Workers, cfg.Threads, cfg.Device, cfg.Spool = c.Members, c.Workers, c.Threads, c.Device, c.Spool
	unscored, err := takeCommand(&cfg, c, dir, r.Metric)
	if err != nil {
		return nil, mask, err
	}
	if !cfg.Commanded() && unscored == "" {
		cfg.Metric = r.Metric
	}
	if err := checkInputs(r, dir, cfg); err != nil {
		return nil, mask, err
	}
	cfg.Known, cfg.Alone = r.Inputs, aloneWhy(r)
	for _, h := range r.Holders {
		if h.Range != "" {
			cfg.Ranges = append(cfg.Ranges, h.Range)
		}
	}
	cfg.Repaired = append([]string{}, result.Taken(r.Repairs)...)
	if c.FromResult {
		cfg.Recorded = r.Holders
	}
	if r.Ladder != nil {
		if cfg, err = cfg.Reopened(r.Ladder); err != nil {
			return nil, mask, mistake.Errorf("%s: %w", dir, err)
		}
		if first, err := readRun(LadderFolder(dir)); err == nil && c.FromResult && cfg.Second() {
			cfg.RecordedFirst = first.Holders // without it the grids are calibrated
		}
	}
	s := newSearch(&trial.Runner{Config: cfg.Filled(), Result: r})
	s.elsewhere, s.folder, s.unscored = elsewhere(r), &journal.Folder{Path: dir}, unscored
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if err = s.Prepare(ctx); err != nil {
		return nil, mask, err
	}
	was := journal.Keys(r.Inputs)
	// samples of a folder, and files that were exchanged since they were looked at
	for i, key := range journal.Keys(s.Files) {
		at := slices.Index(was, key)
		if at < 0 {
			return nil, mask, mistake.Errorf("%s: %s was not an input of the run; search again", dir, journal.FileText(s.Files[i]))
		}
		if text := journal.FileChanged(s.Files[i], r.Inputs[at]); text != "" {
			return nil, mask, mistake.Errorf("%s: %s; put the old file back, or search again", dir, text)
		}
	}
	if mask, err = s.mixOf(r); err != nil {
		return nil, mask, err
	}
	if unscored != "" {
		s.Metric = metric.OutputsOnly
		return s, mask, nil
	}
	if s.Metric, s.Command, err = s.PickMetric(ctx, s.Config); err != nil {
		return nil, mask, err
	}
	return s, mask, s.resolveRecorded(r)
}

// takeCommand puts the metric command that the user has given in the place of the one that a folder names. Without
// one there is no score, and why is returned. scored is the metric of the run.
func takeCommand(c *config.Config, given config.Config, dir, scored string) (unscored string, err error) {
	recorded, flag := *c, "--metric-cmd"
	c.MetricCmd, c.MetricServe = given.MetricCmd, given.MetricServe
	if given.MetricServe != "" {
		flag = "--metric-serve"
	}
	switch {
	case given.MetricCmd != "" && given.MetricServe != "":
		return "", c.CheckMetricFlags()
	case recorded.MetricCmd == given.MetricCmd && recorded.MetricServe == given.MetricServe:
	case !given.Commanded():
		c.MetricName, c.MetricLower, c.MetricTimeout, c.LabelArrays, c.Unscored = "", false, 0, nil, true
		return "the run's metric is a command, and none is run that was not given here: repeat it with --metric-cmd or --metric-serve to have the score checked", nil
	case !recorded.Commanded():
		return "", mistake.Errorf("%s: the run in %s has the metric %s; leave it out", flag, dir, scored)
	case recorded.MetricLine() == given.MetricLine():
		return "", mistake.Errorf("%s: the run in %s was scored by the same command with the other of --metric-cmd and --metric-serve: give that one, or leave it out", flag, dir)
	default:
		return "", mistake.Errorf("%s: the run in %s was scored by another command, %.200q: give that one, or leave it out", flag, dir, recorded.MetricLine())
	}
	return "", nil
}

// checkInputs sees that every file that a result names is a regular one with the bytes that the run has read, before
// any of them is opened as what it is said to be.
func checkInputs(r *config.Result, dir string, c config.Config) error {
	for _, in := range r.Inputs {
		if in.Role == journal.RoleCommand && !c.Commanded() {
			continue // nothing reads it
		}
		info, err := os.Stat(in.Path)
		if err != nil {
			return mistake.Errorf("%s: %s, an input of the run: %w; put it back, or run this in the folder that the search was run in", dir, journal.FileText(in), journal.Bare(err))
		}
		if info.IsDir() && (in.Role == "data" || in.Role == "calib" || in.Role == "holdout") {
			continue // its files are compared when they are read
		}
		now, err := journal.HashFile(in.Role, in.Path)
		if err != nil {
			return err
		}
		if text := journal.FileChanged(now, in); text != "" {
			return mistake.Errorf("%s: %s; put the old file back, or search again", dir, text)
		}
	}
	for _, path := range inputPaths(c) {
		if !slices.ContainsFunc(r.Inputs, func(in result.Input) bool { return in.Path == path }) {
			return mistake.Errorf("%s: its %s names %s without its sha256, and such a file is not opened; search again", dir, result.File, path)
		}
	}
	return nil
}

// inputPaths are the files that a configuration names.
func inputPaths(c config.Config) []string {
	holdout := c.Holdout
	if c.HoldoutShare() > 0 {
		holdout = ""
	}
	paths := []string{c.Model, c.Low, c.High, c.EncodingsLow, c.EncodingsHigh, c.Calib, c.Data, c.Labels, c.Start, c.Profile, c.CostFile(), c.AnchorsFile(), holdout}
	return slices.DeleteFunc(paths, func(path string) bool { return path == "" })
}

// readRun is ReadResult for a run that is to be prepared again.
func readRun(dir string) (*config.Result, error) {
	r, err := ReadResult(dir)
	if err != nil {
		return nil, err
	}
	if r.SchemaVersion < result.Schema {
		return nil, mistake.Errorf("%s: the run is of an earlier version of demote, which did not note all the files that it read; search again", dir)
	}
	return r, nil
}

// elsewhere says how the machine of a run differs from this one, where scores may differ by that; empty where they
// must not.
func elsewhere(r *config.Result) string {
	here := map[string]string{"onnxruntime": backend.RuntimeVersion(), "instructions": backend.Instructions(), "device": ""}
	for _, key := range []string{"device", "onnxruntime", "instructions"} {
		if was := r.Versions[key]; was != here[key] {
			if was == "" {
				was = "another machine"
			}
			return fmt.Sprintf("the run was searched on %.100s, which rounds otherwise in places than %s here", was, backend.RuntimeVersion()+" "+backend.Instructions())
		}
	}
	return ""
}

// aloneWhy is why the samples of a run were run alone; empty if they were not.
func aloneWhy(r *config.Result) string {
	for _, w := range r.Warnings {
		if w.ID == blocks.AloneID {
			why, _ := strings.CutSuffix(w.Text, blocks.AloneText)
			return why
		}
	}
	return ""
}
