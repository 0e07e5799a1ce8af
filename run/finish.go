package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"example.org/demote/backend"
	"example.org/demote/disk"
	"example.org/demote/engine"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/cost"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/promotion"
	"example.org/demote/internal/record"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/internal/written"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// startMask reads --start: the int16 holders of a promotion list stay, all others begin demoted.
func (s *searchRun) startMask() (search.Mask, error) {
	if s.Config.Start == "" {
		return search.Mask{}, nil
	}
	text, err := disk.Read(s.Config.Start, constraint.MaxList)
	if err != nil {
		return search.Mask{}, mistake.Errorf("--start: %w; give a promotion.txt, or leave it out", err)
	}
	index := map[string]int{}
	for i, h := range s.Network.Holders {
		index[h.Name] = i
	}
	m := task.LowMask(s.Network.Holders)
	stay, err := promotion.ReadList(text, index)
	if s.Config.Rung != nil {
		var parts bool
		if stay, parts, err = s.stayOn(text, index); err == nil && s.Config.Second() && !parts {
			return search.Mask{}, nil // it says nothing of the lowest width
		}
	}
	if err != nil {
		return search.Mask{}, mistake.Errorf("%s:%w", s.Config.Start, err)
	}
	for _, i := range stay {
		m.Promote(i)
	}
	if moved := constraint.FitStart(s.Layout, m); moved > 0 {
		s.Warn("start-moved", fmt.Sprintf("--start: %d %s begin elsewhere than the list says, where the constraints have them", moved, s.Config.Holders()), "")
	}
	return m, nil
}

// keep writes the best mix so far, so that whatever happens it is on disk.
func (s *searchRun) keep(b search.Best) error {
	s.setMask(b.Mask)
	score := s.exactScore(b.Mask, b.Score)
	s.Result.Score.Mixed = record.Score(score, s.Metric.Lower)
	// a 16-bit network that only reaches the target is kept too
	s.Result.Met = s.holds(b.Score)
	s.price(b.Mask)
	s.count()
	files, err := s.derive()
	if err == nil {
		err = s.derived.Put(files...)
	}
	if err != nil {
		return err
	}
	return s.journal.KeepSpent(s.spent)
}

// A ledger writes what a search has found into its result.
type ledger struct {
	*runFolder
	costs cost.Costs  // --cost, and what the result lists
	start search.Mask // the mix of --start; empty without one

	layerHolders []int // by layer of the result: the holder of its weights, -1: none
	// what the search has asked, where the mix has grids of its own since; nil: the run's own evaluator
	searched *backend.Evaluator
}

// setMask writes a mask into the holders' precisions and the promotion list, in graph order.
func (s *ledger) setMask(m search.Mask) {
	s.Result.Promotion = s.Result.Promotion[:0]
	for i := range s.Result.Holders {
		grid := s.Records[i].High
		if m.Low(i) {
			grid = s.Records[i].Low
		}
		s.Result.Holders[i].Precision = record.Precision(grid)
		if !m.Low(i) {
			s.Result.Promotion = append(s.Result.Promotion, s.Result.Holders[i].Name)
		}
	}
	for i, h := range s.layerHolders {
		if h < 0 {
			continue
		}
		s.Result.Layers[i].Bits = s.Records[h].High.Bits
		if m.Low(h) {
			s.Result.Layers[i].Bits = s.Records[h].Low.Bits
		}
	}
}

// book writes what the search ended with into the result.
func (s *ledger) book(f search.Result) {
	r := s.Result
	if f.Mask.Len() == 0 { // it failed before there was one
		return
	}
	s.setMask(f.Mask)
	r.Strategy = f.Strategy
	r.Met, r.Stop = f.Holds, string(f.Stop)
	s.price(f.Mask)
	r.Score.Mixed = record.Score(f.Score, s.Metric.Lower)
	r.Promotion = s.promoted(f)
	r.Chain = []result.Step{}
	after := s.after(f)
	for _, step := range f.Chain {
		for _, h := range step.Holders {
			m := after[step.Group]
			low, cost := m.Count(), s.costs.Of(m)
			out := result.Step{Step: step.Group, Holder: s.Network.Holders[h].Name, Promoted: step.Promoted, Past: step.Past, Int8: &low, Cost: &cost, Value: s.number(step.Recorded)}
			if step.TrueKnown {
				out.TrueValue = s.number(step.True)
			}
			r.Chain = append(r.Chain, out)
		}
	}
	r.Evaluations = f.Evaluations
	s.proven(f)
	for _, note := range f.Notes {
		s.Warn(note.ID, note.Text, note.Cure)
	}
	if units := len(s.Units()); s.Chosen.Methods != nil && f.Stop == search.StopDone && f.Holds && units > 1 && f.Mask.Count() == 0 {
		s.Warn("nothing-in-int8", fmt.Sprintf("%s, with the ranges of int8 by which all int8 scores best: where one activation ruins that score, it says little about the ranges of the others", s.Config.NoneText(units)),
			fmt.Sprintf("--range minmax, or --pin NAME=%s of the activation that ruins it", s.Config.Words.Widths().HighName()))
	}
	if w, early := s.ended(f.Stop); early {
		s.Warned(w)
	}
	s.count()
}

// promoted names the int16 holders of a mix, in reverse chain order, those that may not be demoted last.
func (s *ledger) promoted(f search.Result) []string {
	names := []string{}
	for _, h := range f.Holders(s.Units()) {
		names = append(names, s.Network.Holders[h].Name)
	}
	for _, h := range s.Layout.High {
		names = append(names, s.Network.Holders[h].Name)
	}
	return names
}

// after is the mix after every step of a chain, which goes on from the start mix, and past the result from the
// result.
func (s *ledger) after(f search.Result) map[int]search.Mask {
	after := map[int]search.Mask{}
	m, past := s.Layout.Pinned.Clone(), false
	if s.start.Len() > 0 && !f.StartRefused {
		m.CopyFrom(s.start)
	}
	for i, step := range f.Chain {
		if step.Past && !past {
			m.CopyFrom(f.Mask)
			past = true
		}
		for _, h := range step.Holders {
			if step.Promoted {
				m.Promote(h)
			} else {
				m.Demote(h)
			}
		}
		if i+1 == len(f.Chain) || f.Chain[i+1].Group != step.Group {
			after[step.Group] = m.Clone()
		}
	}
	return after
}

func (s *ledger) number(v search.Score) *float64 {
	return record.Finite(record.MetricSign(v.Float(), s.Metric.Lower))
}

// finish exports the mix, checks the file, and writes what the run folder ends with.
func (s *searchRun) finish(ctx context.Context, f search.Result, done bool) error {
	lost, err := s.holdBase(ctx, &f, done)
	if err != nil {
		return err
	}
	if errors.Is(lost, context.Canceled) {
		done = false
	}
	unkept, err := s.evaluateHoldout(ctx, &f, done)
	if err != nil {
		return err
	}
	if errors.Is(unkept, context.Canceled) {
		done = false
	}
	lost = errors.Join(lost, unkept)
	low := engine.Low(f.Mask)
	mixed, err := onnx.QDQ(pair.Chosen(s.Network, low), s.Records, low)
	if err != nil {
		return err
	}
	if mixed, err = s.Axes(ctx, mixed); err != nil {
		return err
	}
	path := s.folder.File(journal.MixedFile)
	if err := mixed.Write(path); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	var found written.Checked
	err = s.Config.During(stage.Check, 0, func() (err error) {
		found, err = s.checker().Verify(ctx, f.Mask, path)
		return err
	})
	if err != nil {
		return err
	}
	s.Result.Verified = found.Verified
	warning, differs := s.checker().Judge(found)
	if warning != nil {
		s.Warned(*warning)
	}
	if differs == nil {
		s.checker().QuestionDefault(s.Result.Verified)
	}
	if done && differs == nil {
		differs = s.Config.During(stage.Export, 0, func() error { return s.exportAll(ctx, f.Mask) })
	}
	s.Result.Finished = done
	s.Result.Stages = s.Config.Stages.Since(s.Result.SetUp)
	s.count()
	if s.Result.Fronts, err = s.fronts(); err != nil {
		return err
	}
	if err := s.explain(f.Mask); err != nil {
		return err
	}
	if err := s.write(); err != nil {
		return err
	}
	s.writeReport()
	if done {
		if err := s.journal.Finish(); err != nil {
			return err
		}
	}
	if differs != nil {
		return differs
	}
	return lost
}

// derive is the content of the files that a user or program reads in the run folder.
func (s *runFolder) derive() ([]disk.File, error) {
	text, err := json.MarshalIndent(s.Result, "", "  ")
	if err != nil {
		return nil, err
	}
	return []disk.File{disk.Bytes(s.folder.File(result.File), append(text, '\n')),
		disk.Bytes(s.folder.File(journal.PromotionFile), s.promotionList()), disk.Bytes(s.folder.File(journal.CurveFile), curve(s.Result))}, nil
}

// write has the files that a user or program reads on disk.
func (s *runFolder) write() error {
	s.derived.Drop()
	files, err := s.derive()
	if err == nil {
		err = journal.Replace(disk.Forced, files...)
	}
	if err != nil {
		return err
	}
	return s.journal.KeepSpent(s.spent)
}
