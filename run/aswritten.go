package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// writtenBatches are the batches that a written file is run in, beside the block of the search.
var writtenBatches = []int{1, 7}

// openedFile is a file with free axes that is run as it is written.
type openedFile struct {
	*checker
	file  *onnx.Model
	known []*blocks.Shapes // by member
	model device.Model
	mask  search.Mask
	want  outputs // of the search
}

// asWritten opens a file for that; nil where its axes are fixed, or where what is searched is another formula's.
func (s *checker) asWritten(ctx context.Context, file *onnx.Model, mask search.Mask, want outputs) (*openedFile, error) {
	if !blocks.HasFreeAxes(file) || s.config.Formula != "qdq" {
		return nil, nil
	}
	o := &openedFile{checker: s, file: file, mask: mask, want: want}
	var err error
	if o.known, err = s.knownShapes(ctx, file); err != nil {
		return nil, err
	}
	for _, v := range file.Outputs() {
		if _, known := o.known[0].One[v.Name]; !known || v.Type == ir.Undefined {
			return o, o.leave()
		}
	}
	if o.misdeclared() {
		o.file = variants.OpenOutputs(file)
	}
	o.model, err = blocks.ModelOf(o.file)
	return o, err
}

// knownShapes measures the shapes of a model's tensors, for the samples of each shape.
func (s *compiled) knownShapes(ctx context.Context, m *onnx.Model) (list []*blocks.Shapes, err error) {
	for _, q := range s.members() {
		known, err := blocks.Measure(ctx, m, q.inputs, q.yardBlock())
		if err != nil {
			return nil, err
		}
		list = append(list, known)
	}
	return list, nil
}

// misdeclared tells whether the file declares an output with a size that it does not have, such as a batch of 1 where
// the batch is free: ONNX Runtime warns of it, and computes the same.
func (o *openedFile) misdeclared() bool {
	return slices.ContainsFunc(o.file.Outputs(), func(v onnx.Value) bool {
		return slices.ContainsFunc(o.known, func(known *blocks.Shapes) bool { return known.Misdeclared(v) })
	})
}

// leave leaves out the outputs that are not scored, where nobody knows their sizes beforehand.
func (o *openedFile) leave() (err error) {
	o.file = variants.WithOutputs(o.file, variants.WithStates(o.file, o.output)...)
	o.model, err = blocks.ModelOf(o.file)
	return err
}

// inBatch is the file run in one batch of samples of a set, where the shapes of its tensors are known.
func (o *openedFile) inBatch(data *dataset.Set, known *blocks.Shapes, batch int) (w segments.Written, err error) {
	w.Model = o.model
	for _, v := range o.file.Outputs() {
		w.All = append(w.All, backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: known.At(v.Name, batch)})
	}
	w.Fed, err = blocks.Inputs(o.file, data, batch)
	return w, err
}

// inBatches runs the file in batches of one size. Only where something differs is a score told; asked says whether
// one is wanted anyhow, which a metric command is asked for only then.
func (o *openedFile) inBatches(ctx context.Context, batch int, asked bool) (result.AsWritten, search.Score, error) {
	a := result.AsWritten{Batch: batch}
	run := func(m *metric.Metric) (search.Score, error) {
		options := o.options
		options.Naive, options.Stream, options.Config, options.Block, options.Metric = true, true, segments.ExactSession, batch, m
		next := 0
		e, err := o.evaluator(ctx, nil, options, func(q *prepared) (backend.Source, backend.Samples, error) {
			size := batch
			if q.own != nil && batch == o.block { // each shape has its own
				size = q.block
			}
			w, err := o.inBatch(q.data, o.known[next], size)
			next++
			if q.own != nil {
				q.block = size
			}
			return w, q.data, err
		})
		if err != nil {
			return search.Score{}, err
		}
		defer e.Close()
		got, score, err := sums(ctx, e, search.NewMask(0))
		a.Differ = 0
		for i := range got {
			if got[i] != o.want[i] {
				a.Differ++
			}
		}
		return score, err
	}
	first := o.metric
	if o.command != nil && !asked {
		first = metric.OutputsOnly
	}
	score, err := run(first)
	// another output is of a size of its own in every run
	if err != nil && ctx.Err() == nil && len(o.file.Outputs()) > len(variants.WithStates(o.file, o.output)) {
		if err := o.leave(); err != nil {
			return a, score, err
		}
		return o.inBatches(ctx, batch, asked)
	}
	if err == nil && a.Differ > 0 && first != o.metric {
		score, err = run(o.metric)
	}
	if err != nil {
		return a, score, fmt.Errorf("the file as it is written, in batches of %d: %w", batch, err)
	}
	if a.Differ == 0 || o.unscored != "" {
		return a, score, nil
	}
	r := scoreResult(score, o.metric.Lower)
	a.Correct, a.Value = r.Correct, r.Value
	if o.result != nil && o.result.Met && o.result.Int16Share == "" {
		meets := o.holds(score)
		a.DoesMeet = &meets
	}
	return a, score, nil
}

// others are the batches beside the block: none where samples are run alone, or where the file fixes the batch.
func (o *openedFile) others() (list []int) {
	for _, b := range writtenBatches {
		if o.Alone == "" && blocks.Fixed(o.file) == 0 && !blocks.Alone(o.file, o.data) && b <= o.data.Len() && b != o.block {
			list = append(list, b)
		}
	}
	return list
}

// tellWritten warns where the file as it is written scores otherwise than what was searched.
func (s *checker) tellWritten(list []result.AsWritten, own search.Score) {
	if s.unscored != "" {
		return
	}
	searched, missed := scoreResult(own, s.metric.Lower), false
	var others []string
	for _, a := range list {
		misses := a.DoesMeet != nil && !*a.DoesMeet
		missed = missed || misses
		if a.Differ > 0 && (misses || a.Score() != result.AsWritten{Correct: searched.Correct, Value: searched.Value}.Score()) {
			others = append(others, fmt.Sprintf("%s in batches of %d", a.Score(), a.Batch))
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
