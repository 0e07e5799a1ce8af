package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/disk"
	"example.org/demote/engine"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/promotion"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// scoreFloat runs the float network over the samples: its own score where the metric has one of
// it, and the reference that other metrics compare with. It refuses a network that gives NaN.
func (s *compiled) scoreFloat(ctx context.Context) error {
	var sources []*segments.Source
	o := s.options
	o.Naive, o.Stream = true, true
	if s.metric.NeedsReference {
		o.Metric = metric.OutputsOnly
	}
	open := func() (*backend.Evaluator, error) {
		sources = nil
		return s.evaluator(ctx, nil, o, func(q *prepared) (backend.Source, backend.Samples, error) {
			src, err := segments.Plain(ctx, s.floatModel, q.inputs, q.block, s.output)
			if err = q.ofShape(err); err == nil {
				err = q.checkLabels(s.metric, src)
			}
			sources = append(sources, src)
			return src, q.data, err
		})
	}
	begun := time.Now()
	e, err := open()
	if err != nil {
		return s.WithCure(err)
	}
	closed := false
	defer func() {
		if !closed {
			e.Close()
		}
	}()
	s.loading = time.Since(begun)
	at := e.Places()
	var reference []float32
	if s.metric.NeedsReference {
		reference = make([]float32, at[s.data.Len()])
	}
	bad := make([]bool, s.data.Len())
	see := s.watcher().SeeFloat(e)
	work := s.config.begin(stage.Float, "samples", s.data.Len(), 0)
	score, err := e.Outputs(ctx, search.NewMask(0), func(sample int, values []float32) {
		see(sample, values)
		work.One()
		if reference != nil {
			copy(reference[at[sample]:], values)
		}
		for _, v := range values {
			bad[sample] = bad[sample] || v != v
		}
	})
	s.pass = work.End()
	if err != nil {
		return err
	}
	for i, b := range bad {
		if b && !s.config.AllowNaN {
			return s.refuseNaN(e, "float", i)
		}
	}
	judged := 0
	if s.metric.NeedsReference {
		judged = e.Judged(s.metric)
	}
	closed = true
	e.Close() // its session would lie beside that of the look for NaN
	if err := s.findHiddenNaN(ctx, sources, open); err != nil {
		return err
	}
	s.options.Reference, s.options.Places = reference, at
	switch {
	case !s.metric.NeedsReference:
	case s.groups != nil && !s.metric.IsWhole():
		score, err = s.metric.ScorePlaces(reference, reference, at)
	default:
		score, err = s.metric.ScoreRows(reference, reference, judged)
	}
	if err != nil {
		return err
	}
	s.floatScore = &score
	if s.groups != nil { // other ways to prepare the samples are tried on those of one shape
		return s.watcher().AskFloat(ctx, nil)
	}
	return s.watcher().AskFloat(ctx, sources[0])
}

// startMask reads --start: the int16 holders of a promotion list stay, all others begin demoted.
func (s *searching) startMask() (search.Mask, error) {
	if s.config.Start == "" {
		return search.Mask{}, nil
	}
	text, err := disk.Read(s.config.Start, constraint.MaxList)
	if err != nil {
		return search.Mask{}, mistake.Errorf("--start: %w; give a promotion.txt, or leave it out", err)
	}
	index := map[string]int{}
	for i, h := range s.network.Holders {
		index[h.Name] = i
	}
	m := lowMask(s.network.Holders)
	stay, err := promotion.ReadList(text, index)
	if err != nil {
		return search.Mask{}, mistake.Errorf("%s:%w", s.config.Start, err)
	}
	for _, i := range stay {
		m.Promote(i)
	}
	if moved := constraint.FitStart(s.layout, m); moved > 0 {
		s.warn("start-moved", fmt.Sprintf("--start: %d activations begin elsewhere than the list says, where the constraints have them", moved), "")
	}
	return m, nil
}

// keep writes the best mix so far, so that whatever happens it is on disk.
func (s *searching) keep(b search.Best) error {
	s.setMask(b.Mask)
	s.result.Score.Mixed = scoreResult(b.Score, s.metric.Lower)
	// a 16-bit network that only reaches the target is kept too
	s.result.Met, s.result.Savings = s.holds(b.Score), s.costs.savings(b.Mask)
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

// setMask writes a mask into the holders' precisions and the promotion list, in graph order.
func (s *searching) setMask(m search.Mask) {
	s.result.Promotion = s.result.Promotion[:0]
	for i := range s.result.Holders {
		grid := s.records[i].High
		if m.Low(i) {
			grid = s.records[i].Low
		}
		s.result.Holders[i].Precision = precision(grid)
		if !m.Low(i) {
			s.result.Promotion = append(s.result.Promotion, s.result.Holders[i].Name)
		}
	}
}

// book writes what the search ended with into the result.
func (s *searching) book(f search.Result) {
	r := s.result
	if f.Mask.Len() == 0 { // it failed before there was one
		return
	}
	s.setMask(f.Mask)
	r.Strategy = f.Strategy
	r.Met, r.Stop, r.Savings = f.Holds, string(f.Stop), s.costs.savings(f.Mask)
	r.Score.Mixed = scoreResult(f.Score, s.metric.Lower)
	r.Promotion = s.promoted(f)
	r.Chain = []result.Step{}
	after := s.after(f)
	for _, step := range f.Chain {
		for _, h := range step.Holders {
			m := after[step.Group]
			low, cost := m.Count(), s.costs.of(m)
			out := result.Step{Step: step.Group, Holder: s.network.Holders[h].Name, Promoted: step.Promoted, Past: step.Past, Int8: &low, Cost: &cost, Value: s.number(step.Recorded)}
			if step.TrueKnown {
				out.TrueValue = s.number(step.True)
			}
			r.Chain = append(r.Chain, out)
		}
	}
	r.Evaluations = f.Evaluations
	for _, note := range f.Notes {
		s.warn(note.ID, note.Text, note.Cure)
	}
	if w, early := s.ended(f.Stop); early {
		s.warned(w)
	}
	s.count()
}

// promoted names the int16 holders of a mix, in reverse chain order, those that may not be demoted last.
func (s *searching) promoted(f search.Result) []string {
	names := []string{}
	for _, h := range f.Holders(s.units()) {
		names = append(names, s.network.Holders[h].Name)
	}
	for _, h := range s.layout.High {
		names = append(names, s.network.Holders[h].Name)
	}
	return names
}

// after is the mix after every step of a chain, which goes on from the start mix, and past the result from the
// result.
func (s *searching) after(f search.Result) map[int]search.Mask {
	after := map[int]search.Mask{}
	m, past := s.layout.Pinned.Clone(), false
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

func (s *searching) number(v search.Score) *float64 {
	return finite(metricSign(v.Float(), s.metric.Lower))
}

// finish exports the mix, checks the file, and writes what the run folder ends with.
func (s *searching) finish(ctx context.Context, f search.Result, done bool) error {
	lost, err := s.holdInDefault(ctx, &f, done)
	if err != nil {
		return err
	}
	if errors.Is(lost, context.Canceled) {
		done = false
	}
	unkept, err := s.askAside(ctx, &f, done)
	if err != nil {
		return err
	}
	if errors.Is(unkept, context.Canceled) {
		done = false
	}
	lost = errors.Join(lost, unkept)
	low := engine.Low(f.Mask)
	mixed, err := onnx.QDQ(pair.Chosen(s.network, low), s.records, low)
	if err != nil {
		return err
	}
	if mixed, err = s.axes(ctx, mixed); err != nil {
		return err
	}
	path := s.folder.File(journal.MixedFile)
	if err := mixed.Write(path); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	var found checked
	err = s.config.during(stage.Check, 0, func() (err error) {
		found, err = s.checker().verify(ctx, f.Mask, path)
		return err
	})
	if err != nil {
		return err
	}
	s.result.Verified = found.Verified
	warning, differs := s.checker().judge(found)
	if warning != nil {
		s.warned(*warning)
	}
	if differs == nil {
		s.checker().questionDefault(s.result.Verified)
	}
	if done && differs == nil {
		differs = s.config.during(stage.Export, 0, func() error { return s.exportAll(ctx, f.Mask) })
	}
	s.result.Finished = done
	s.count()
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
func (s *searching) derive() ([]disk.File, error) {
	text, err := json.MarshalIndent(s.result, "", "  ")
	if err != nil {
		return nil, err
	}
	return []disk.File{disk.Bytes(s.folder.File(result.File), append(text, '\n')),
		disk.Bytes(s.folder.File(journal.PromotionFile), promotion.Lines(s.result.Promotion)), disk.Bytes(s.folder.File(journal.CurveFile), curve(s.result))}, nil
}

// write has the files that a user or program reads on disk.
func (s *searching) write() error {
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
