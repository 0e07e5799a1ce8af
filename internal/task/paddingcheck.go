package task

import (
	"context"
	"fmt"
	"math"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// paddingTried is how many samples, the shortest, are tried in their own shape.
const paddingTried = 4

// paddingID is the warning of samples whose padding the network answers otherwise for.
const paddingID = "padding-changes"

// A paddingLook is what trying has found: of samples that ran in their own shape, those whose output was another one
// padded, over the part that both have, and how far it was.
type paddingLook struct {
	tried, changed int
	furthest       float64 // of the values
	largest        float64 // value
}

// CheckPadding asks whether padding changes what a network answers for the shortest samples, and returns the warning
// that it does; nil where it does not, where nothing is padded, and where the network does not run on any of them in
// its own shape. The network is a float one: where grids round, small differences become large ones.
func CheckPadding(ctx context.Context, m *onnx.Model, data *dataset.Set, output, file string) (*result.Warning, error) {
	for _, g := range data.Groups() { // some inputs are padded, and others give samples a shape of their own
		if w, err := CheckPadding(ctx, m, g.Set, output, file); w != nil || err != nil {
			return w, err
		}
	}
	if data.Shapes() > 0 {
		return nil, nil
	}
	short := shortest(len(m.Inputs()), data)
	if len(short) == 0 || blocks.Fixed(m) > 1 || len(m.States) > 0 {
		return nil, nil
	}
	model, err := blocks.ModelOf(variants.WithOutputs(m, output))
	if err != nil {
		return nil, nil // which whoever runs it says
	}
	var l paddingLook
	for len(short) > 0 {
		var batches [][]backend.Tensor
		for _, sample := range short {
			padded, err := blocks.Inputs(m, blocks.InTurn{Samples: data, Of: []int{sample}}, 1)
			if err != nil {
				return nil, nil
			}
			own, err := unpadded(padded, data, sample)
			if err != nil {
				return nil, err
			}
			batches = append(batches, own, padded)
		}
		runs, err := direct.Look(ctx, model, batches...)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for i := 0; i+1 < len(runs); i += 2 {
			l.take(runs[i][output], runs[i+1][output], batches[i], batches[i+1])
		}
		if err == nil {
			break
		}
		short = short[len(runs)/2+1:] // without the one whose own shape the network does not take
	}
	if l.changed == 0 {
		return nil, nil
	}
	return &result.Warning{ID: paddingID, Text: fmt.Sprintf("padding changes what the network answers for %d of the %d shortest samples of %s that were tried in their own shape: output %s differs by up to %.3g, and its largest value is %.3g",
		l.changed, l.tried, file, output, l.furthest, l.largest),
		Cure: "leave --pad out, so that each sample is run in its own shape, or give the mask or the lengths that the network reads beside them, or another value"}, nil
}

// shortest are the samples with the fewest elements among those of which some input is padded.
func shortest(inputs int, data *dataset.Set) (list []int) {
	size := map[int]int{}
	for sample := range data.Len() {
		padded, elems := false, 0
		for input := range inputs {
			shape := data.Unpadded(input, sample)
			if padded = padded || shape != nil; shape == nil {
				shape = data.Shape(input)
			}
			elems += blocks.ElemsOf(shape)
		}
		if padded {
			size[sample], list = elems, append(list, sample)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return size[a] - size[b] })
	return list[:min(len(list), paddingTried)]
}

// unpadded are the inputs for one sample in its own shape, of those that it has padded.
func unpadded(padded []backend.Tensor, data *dataset.Set, sample int) ([]backend.Tensor, error) {
	list := slices.Clone(padded)
	for i, t := range padded {
		own := data.Unpadded(i, sample)
		if own == nil {
			continue
		}
		if !data.Whole(i) {
			own = append([]int64{1}, own...)
		}
		whole := make([]byte, t.Bytes())
		if err := t.First(whole, 1); err != nil {
			return nil, err
		}
		size := int64(t.Type.Size())
		values := leading(whole, append(slices.Clone(t.Dims), size), append(slices.Clone(own), size))
		list[i].Dims, list[i].First = own, func(dst []byte, _ int) error {
			copy(dst, values)
			return nil
		}
	}
	return list, nil
}

// leading is the part of a tensor that lies in front on every axis.
func leading[T any](values []T, dims, part []int64) []T {
	if slices.Equal(dims, part) || len(dims) == 0 {
		return values
	}
	var list []T
	if dims[0] == 0 {
		return list
	}
	each := len(values) / int(dims[0])
	for i := range int(part[0]) {
		list = append(list, leading(values[i*each:(i+1)*each], dims[1:], part[1:])...)
	}
	return list
}

// anAxis tells whether some input has an axis of these sizes, in its own shape and padded.
func anAxis(own, padded int64, ownInputs, paddedInputs []backend.Tensor) bool {
	for i, in := range ownInputs {
		for axis, d := range in.Dims {
			if d == own && paddedInputs[i].Dims[axis] == padded {
				return true
			}
		}
	}
	return false
}

// take compares what a sample gives in its own shape and padded, as the inputs say: the part that both have, but for
// what rounds otherwise.
func (l *paddingLook) take(own, padded direct.Seen, ownInputs, paddedInputs []backend.Tensor) {
	if own.Values == nil || len(own.Dims) != len(padded.Dims) || len(own.Values) == 0 {
		return
	}
	if len(own.Dims) == 2 && own.Dims[1] != padded.Dims[1] && !anAxis(own.Dims[1], padded.Dims[1], ownInputs, paddedInputs) {
		return // several axes in one, it may be, whose values lie elsewhere
	}
	both := slices.Clone(own.Dims)
	for i := range both {
		both[i] = min(both[i], padded.Dims[i])
	}
	a, b := leading(own.Values, own.Dims, both), leading(padded.Values, padded.Dims, both)
	l.tried++
	if blocks.Near32(a, b, blocks.TouchTolerance) {
		return
	}
	l.changed++
	for i := range a {
		if d := math.Abs(float64(a[i]) - float64(b[i])); d > l.furthest {
			l.furthest = d
		}
		if v := math.Abs(float64(a[i])); v > l.largest && !math.IsInf(v, 0) {
			l.largest = v
		}
	}
}

// tellCalibPadding is CheckPadding of calibration samples that nothing else is run on, by the float outputs of the
// network.
func tellCalibPadding(ctx context.Context, m *onnx.Model, calib *dataset.Set, c config.Config) error {
	for _, v := range m.Outputs() {
		if v.Type != ir.Float || blocks.Computed(m, v.Name) != nil {
			continue
		}
		if w, err := CheckPadding(ctx, m, calib, v.Name, c.Calib); err != nil || w != nil {
			if w != nil {
				c.Say("warning: " + w.String())
			}
			return err
		}
	}
	return nil
}

// tellPadding is CheckPadding of the evaluation samples, with the warning said and kept.
func (p *Task) tellPadding(ctx context.Context, c config.Config, m *onnx.Model) error {
	w, err := CheckPadding(ctx, m, p.Data, p.Output, c.Data)
	p.tell(c, w)
	return err
}
