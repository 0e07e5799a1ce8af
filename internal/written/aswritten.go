package written

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
	"example.org/demote/internal/record"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/task"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// writtenBatches are the batches that a written file is run in, beside the block of the search.
var writtenBatches = []int{1, 7}

// openedFile is a file with free axes that is run as it is written.
type openedFile struct {
	*Checker
	file  *onnx.Model
	known []*blocks.Shapes // by member
	model device.Model
	mask  search.Mask
	want  outputs // of the search
}

// asWritten opens a file for that; nil where its axes are fixed, or where what is searched is another formula's.
func (s *Checker) asWritten(ctx context.Context, file *onnx.Model, mask search.Mask, want outputs) (*openedFile, error) {
	if !blocks.HasFreeAxes(file) || s.Config.Formula != "qdq" {
		return nil, nil
	}
	o := &openedFile{Checker: s, file: file, mask: mask, want: want}
	var err error
	if o.known, err = s.KnownShapes(ctx, file); err != nil {
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

// misdeclared tells whether the file declares an output with a size that it does not have, such as a batch of 1 where
// the batch is free: ONNX Runtime warns of it, and computes the same.
func (o *openedFile) misdeclared() bool {
	return slices.ContainsFunc(o.file.Outputs(), func(v onnx.Value) bool {
		return slices.ContainsFunc(o.known, func(known *blocks.Shapes) bool { return known.Misdeclared(v) })
	})
}

// leave leaves out the outputs that are not scored, where nobody knows their sizes beforehand.
func (o *openedFile) leave() (err error) {
	o.file = variants.WithOutputs(o.file, variants.WithStates(o.file, o.Outputs()...)...)
	o.model, err = blocks.ModelOf(o.file)
	return err
}

// inBatch is the file run in one batch of samples of a set, where the shapes of its tensors are known.
func (o *openedFile) inBatch(data *dataset.Set, known *blocks.Shapes, batch int) (w segments.Written, err error) {
	w.File, w.Model = o.file, o.model
	for _, v := range o.file.Outputs() {
		w.All = append(w.All, backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: known.At(v.Name, batch)})
	}
	w.Fed, err = blocks.Inputs(o.file, data, batch)
	return w, err
}

// looked is how many samples, spread evenly over all, tell whether a batch beside the block changes an output: a
// kernel that computes otherwise does so to most samples. All are run where one of them differs.
const looked = 200

// spread are some samples of a set, one in every so many.
type spread struct {
	backend.Samples
	every int
}

func (s spread) Len() int { return (s.Samples.Len() + s.every - 1) / s.every }

func (s spread) Read(input, sample int, dst []byte) error {
	return s.Samples.Read(input, sample*s.every, dst)
}

// inBatches runs the file in batches of one size, beside the block on some samples first. Only where something differs
// is a score told; asked says whether one is wanted anyhow, which a metric command is asked for only then.
func (o *openedFile) inBatches(ctx context.Context, batch int, asked bool) (result.AsWritten, search.Score, error) {
	a := result.AsWritten{Batch: batch}
	run := func(m *metric.Metric, every int) (search.Score, error) {
		options := o.Options
		options.Naive, options.Stream, options.Config, options.Block, options.Metric = true, true, segments.ExactSession, batch, m
		if batch == o.Block {
			o.OnCPUs(&options)
		}
		next := 0
		e, err := o.Evaluator(ctx, nil, options, func(q *task.Task) (backend.Source, backend.Samples, error) {
			size := batch
			if q.Own != nil && batch == o.Block { // each shape has its own
				size = q.Block
			}
			w, err := o.inBatch(q.Data, o.known[next], size)
			next++
			if q.Own != nil {
				q.Block = size
			}
			if every > 1 {
				return w, spread{q.Data, every}, err
			}
			return w, q.Data, err
		})
		if err != nil {
			return search.Score{}, err
		}
		defer e.Close()
		got, score, err := sums(ctx, e, search.NewMask(0), nil)
		a.Samples, a.Differ = len(got), 0
		for i := range got {
			if got[i] != o.want[i*every] {
				a.Differ++
			}
		}
		return score, err
	}
	// where samples differ in shape, those of each shape are counted apart: all are run
	if every := o.Data.Len() / looked; every > 1 && batch != o.Block && o.Groups == nil {
		score, err := run(metric.OutputsOnly, every)
		if err == nil && a.Differ == 0 {
			return a, score, nil
		}
	}
	first := o.Metric
	if o.Command != nil && !asked {
		first = metric.OutputsOnly
	}
	score, err := run(first, 1)
	// another output is of a size of its own in every run
	if err != nil && ctx.Err() == nil && len(o.file.Outputs()) > len(variants.WithStates(o.file, o.Outputs()...)) {
		if err := o.leave(); err != nil {
			return a, score, err
		}
		return o.inBatches(ctx, batch, asked)
	}
	if err == nil && a.Differ > 0 && first != o.Metric {
		score, err = run(o.Metric, 1)
	}
	if err != nil {
		return a, score, fmt.Errorf("the file as it is written, in batches of %d: %w", batch, err)
	}
	if a.Differ == 0 || o.Unscored != "" {
		return a, score, nil
	}
	r := record.Score(score, o.Metric.Lower)
	a.Correct, a.Value = r.Correct, r.Value
	if o.Result != nil && o.Result.Met && o.Result.HasTarget() {
		meets := o.Holds(score)
		a.DoesMeet = &meets
	}
	return a, score, nil
}

// others are the batches beside the block: none where samples are run alone, or where the file fixes the batch.
func (o *openedFile) others() (list []int) {
	for _, b := range writtenBatches {
		if o.Alone == "" && blocks.Fixed(o.file) == 0 && !blocks.Alone(o.file, o.Data) && b <= o.Data.Len() && b != o.Block {
			list = append(list, b)
		}
	}
	return list
}

// TellWritten warns where the file as it is written scores otherwise than what was searched.
func (s *Checker) TellWritten(list []result.AsWritten, own search.Score) {
	if s.Unscored != "" {
		return
	}
	searched, missed := record.Score(own, s.Metric.Lower), false
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
	text := fmt.Sprintf("run with its axes free, as it is written, the file scores %s; searched was %s", strings.Join(others, ", "), s.Text(own))
	if missed {
		text += ", and the target is missed there"
	}
	s.Caution("written-differs", text, fmt.Sprintf("--fix-shapes writes the axes of the search into the file, for batches of %d", s.Block))
}
