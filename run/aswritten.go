package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"demote/backend"
	"demote/onnx"
	"demote/search"
)

// AsWritten is what a file with free axes gives as users run it: in the exact session, its axes as they are written, in batches of
// one size.
type AsWritten struct {
	Batch    int      `json:"batch"`
	Differ   int      `json:"differing_samples"` // samples whose outputs are not the search's, bit for bit
	Correct  *int     `json:"correct"`           // null where nothing differs or the metric does not count
	Value    *float64 `json:"value"`             // null where nothing differs
	DoesMeet *bool    `json:"target_met"`        // null where nothing differs or there is no target
}

// writtenBatches are the batches that a written file is run in, beside the block of the search.
var writtenBatches = []int{1, 7}

// asWritten runs a file with free axes as it is written, in batches of one, seven and the block, and says where that is not what
// was searched. want are the search's outputs.
func (s *searching) asWritten(ctx context.Context, file *onnx.Model, mask search.Mask, want outputs, own search.Score) ([]AsWritten, error) {
	if !hasFreeAxes(file) {
		return nil, nil
	}
	batches := []int{s.block}
	if s.alone == "" && batchOf(file) == 0 {
		for _, b := range writtenBatches {
			if b <= s.data.Len() && b != s.block {
				batches = append(batches, b)
			}
		}
	}
	known, err := measureShapes(ctx, file, s.inputs, s.block)
	if err != nil {
		return nil, err
	}
	model, err := file.Bytes()
	if err != nil {
		return nil, err
	}
	var list []AsWritten
	for _, batch := range batches {
		w := writtenFile{model: model, output: backend.Tensor{Name: s.output, Type: backend.DType(onnx.Float), Dims: known.at(s.output, batch)}}
		if w.inputs, err = blockInputs(file, s.data, batch); err != nil {
			return nil, err
		}
		a, err := s.inBatches(ctx, w, batch, mask, want)
		if err != nil {
			return nil, fmt.Errorf("the file as it is written, in batches of %d: %w", batch, err)
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b AsWritten) int { return a.Batch - b.Batch })
	s.tellWritten(list, own)
	return list, nil
}

// inBatches runs a file in batches of one size. A metric command is asked only where there is something to ask.
func (s *searching) inBatches(ctx context.Context, w writtenFile, batch int, mask search.Mask, want outputs) (AsWritten, error) {
	a := AsWritten{Batch: batch}
	o := s.options
	o.Naive, o.Config, o.Block = true, exactSession, batch
	if s.command != nil {
		o.Metric = backend.OutputsOnly
	}
	run := func() (search.Score, error) {
		e, err := backend.New(ctx, w, s.data, nil, o)
		if err != nil {
			return search.Score{}, err
		}
		defer e.Close()
		got, score, err := sums(ctx, e, search.NewMask(0))
		a.Differ = 0
		for i := range got {
			if got[i] != want[i] {
				a.Differ++
			}
		}
		return score, err
	}
	score, err := run()
	if err == nil && a.Differ > 0 && s.command != nil {
		o.Metric = s.metric
		score, err = run()
	}
	if err != nil || a.Differ == 0 || s.unscored != "" {
		return a, err
	}
	r := scoreResult(score, s.metric.Lower)
	a.Correct, a.Value = r.Correct, r.Value
	if s.result != nil && s.result.Met && s.result.Int16Share == "" {
		meets := s.holds(score, mask)
		a.DoesMeet = &meets
	}
	return a, nil
}

// tellWritten warns where the file as it is written scores otherwise than what was searched.
func (s *searching) tellWritten(list []AsWritten, own search.Score) {
	if s.unscored != "" {
		return
	}
	searched, missed := scoreResult(own, s.metric.Lower), false
	var others []string
	for _, a := range list {
		missed = missed || a.DoesMeet != nil && !*a.DoesMeet
		if text := a.score(); a.Differ > 0 && (text != (AsWritten{Correct: searched.Correct, Value: searched.Value}).score() || a.DoesMeet != nil && !*a.DoesMeet) {
			others = append(others, fmt.Sprintf("%s in batches of %d", text, a.Batch))
		}
	}
	if len(others) == 0 {
		return
	}
	text := fmt.Sprintf("run with its axes free, as it is written, the file scores %s; searched was %s", strings.Join(others, ", "), s.text(own))
	if missed {
		text += ", and the target is missed there"
	}
	s.caution("written-differs", text, fmt.Sprintf("--fix-shapes writes the axes of the search into the file, for batches of %d", s.block))
}

// score is a score as it is told: what is not seen there is no other score.
func (a AsWritten) score() string {
	switch {
	case a.Correct != nil:
		return fmt.Sprintf("%d", *a.Correct)
	case a.Value != nil:
		return fmt.Sprintf("%.6g", *a.Value)
	}
	return "infinite"
}

// Text says in a few words how the file does in batches of one size; empty where its outputs are the search's.
func (a AsWritten) Text() string {
	if a.Differ == 0 {
		return ""
	}
	return fmt.Sprintf("%s in batches of %d: %d samples differ in bits", a.score(), a.Batch, a.Differ)
}
