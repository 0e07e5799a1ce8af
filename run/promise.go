package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"example.org/demote/internal/holdout"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/record"
	"example.org/demote/result"
	"example.org/demote/search"
)

// evaluateHoldout scores the networks on the hold-out, once and at the end, and tests the promise. With --confidence
// the mix that is promised becomes the run's; unkept is holdout.ErrUnpromised if there is none, and the search's own
// mix stays. It is the context's error if this was interrupted.
func (s *searchRun) evaluateHoldout(ctx context.Context, f *search.Result, done bool) (unkept, err error) {
	if s.holdout == nil || !f.Holds || !done || s.Config.First() { // a ladder is tested at its end
		return nil, nil
	}
	unkept, err = s.testHoldout(ctx, f)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		s.Result.Holdout = nil
		s.Warn("holdout-unasked", "interrupted before the hold-out was evaluated", "the same command resumes it")
		return ctx.Err(), nil
	}
	return unkept, err
}

func (s *searchRun) testHoldout(ctx context.Context, f *search.Result) (unkept, err error) {
	r := &result.Holdout{Text: s.Config.Holdout, Samples: s.holdout.Set.Len(), LeftOut: s.holdout.Left, SHA256: s.holdout.ID}
	if r.UsedBefore, err = s.usedBefore(s.holdout.ID); err != nil {
		return nil, err
	}
	if err := s.journal.Asked(s.holdout.ID); err != nil {
		return nil, err
	}
	if len(r.UsedBefore) > 0 {
		s.Warn("holdout-used-before", "the hold-out was evaluated before, by "+strings.Join(r.UsedBefore, "; ")+": a mix that was chosen among several by it has less confidence than stated", "give --holdout samples that nobody has looked at")
	}
	s.Config.Say(fmt.Sprintf("scoring on %d samples that the search has not seen", r.Samples))
	a, err := holdout.Evaluate(ctx, s.Runner, s.holdout, s.target.Claim(s.goal, s.Config.Sureness()))
	if err != nil {
		return nil, err
	}
	defer a.Close()
	a.Units, a.Way, a.Score, a.Holds = s.Units(), slices.Concat(wayBack(f, s.Units())...), s.Ev.Score, s.holds
	if s.Metric.Countable {
		unkept, err = a.Test(ctx, f.Mask, r)
		if p := a.Promised; p != nil && err == nil {
			s.adopt(f, p.Mask, p.Score, a.Way)
		}
	} else {
		err = a.ScoreMix(ctx, f.Mask, r)
	}
	if err != nil {
		return nil, err
	}
	s.Result.Holdout = r
	return unkept, a.ScoreEnds(ctx, r)
}

// adopt makes a mix on the way back of the search's the one that the run gives.
func (s *searchRun) adopt(f *search.Result, m search.Mask, score search.Score, way []int) {
	units := s.Units()
	back := 0
	for _, u := range way {
		if m.Low(units[u][0]) {
			break
		}
		f.Promotion = append(f.Promotion[:len(f.Promotion):len(f.Promotion)], u)
		back += len(units[u])
	}
	f.Mask, f.Score = m, score
	s.setMask(m)
	s.Result.Promotion, s.Result.Score.Mixed = s.promoted(*f), record.Score(score, s.Metric.Lower)
	s.price(m)
	s.proven(*f)
	if back > 0 {
		where := "to int16"
		if s.Config.SearchWeights {
			where = "to their high widths"
		}
		s.Warn("promise-walked-back", fmt.Sprintf("%d %s went back %s, so that the mix can be promised", back, s.Config.Holders(), where), "")
	}
}

// usedBefore tells which other runs have looked at a hold-out, named by its sum, as far as can be seen: earlier ones
// in this folder, and those in the folders beside it.
func (s *runFolder) usedBefore(holdout string) ([]string, error) {
	var list []string
	n, err := s.journal.AskedBefore(holdout)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		list = append(list, fmt.Sprintf("%s, overwritten since (runs: %d)", s.folder.Path, n))
	}
	own, err := filepath.Abs(s.folder.Path)
	if err != nil {
		return list, nil
	}
	found, err := filepath.Glob(filepath.Join(journal.EscapeGlob(filepath.Dir(own)), "*", result.File))
	if err != nil {
		return list, nil
	}
	slices.Sort(found)
	for _, path := range found[:min(len(found), mostSiblings)] {
		var r struct {
			Holdout *struct {
				SHA256 string `json:"sha256"`
			} `json:"holdout"`
		}
		data, err := result.Read(filepath.Dir(path))
		if err != nil || sameFolder(filepath.Dir(path), own) || json.Unmarshal(data, &r) != nil {
			continue
		}
		if r.Holdout != nil && r.Holdout.SHA256 == holdout {
			list = append(list, filepath.Join(filepath.Dir(s.folder.Path), filepath.Base(filepath.Dir(path))))
		}
	}
	return list, nil
}

// mostSiblings bounds how many folders beside a run's own are looked into.
const mostSiblings = 1000
