package blocks

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// A Batching says how the samples of a block lie in a network's output, and whether blocks of several samples are
// possible.
type Batching struct {
	Axis  int    // of the output, on which the samples lie; -1: on none
	Alone string // why each sample is run alone; empty: in blocks
	Cure  string // what may be done about that; empty: nothing is known
}

// AloneText is the end of the warning for networks whose samples run one by one.
const AloneText = ": every sample is run alone, in blocks of one"

// AloneID is the id of that warning.
const AloneID = "blocks-of-one"

// Warning returns the warning for samples that run one by one.
func (b Batching) Warning() result.Warning {
	return result.Warning{ID: AloneID, Text: b.Alone + AloneText, Cure: b.Cure}
}

// WithCure adds to an error about outputs, of samples that run one by one, what can be done about that.
func (b Batching) WithCure(err error) error {
	if b.Cure == "" || !errors.Is(err, mistake.Err) {
		return err
	}
	return fmt.Errorf("%w; %s", err, b.Cure)
}

// TouchTolerance is the largest difference between two runs of one sample, relative to the largest value, that counts
// as rounding in another slot. If samples affect each other by less, the self-test finds it by the bits.
const TouchTolerance = 1e-3

// Find finds the batching of some outputs: of the last one, or of the first one whose samples must run one by one. It
// runs the network on two samples: alone, beside each other and beside copies of themselves. It compares the outputs to
// find the axis of the samples, and whether samples affect each other. If the network cannot run so, Find returns no
// error; the next run reports it. A network with a fixed batch that cannot run with it is refused.
//
// Samples of different shapes are tried for every shape that several of them have, since only those share a block.
func Find(ctx context.Context, m *onnx.Model, data Samples, quantized bool, outputs ...string) (Batching, error) {
	var found Batching
	for i, d := range together(data) {
		b, err := findBatchingOf(ctx, m, d, quantized, outputs...)
		if err != nil || b.Alone != "" {
			return b, err
		}
		if i > 0 && b.Axis != found.Axis {
			return Batching{Axis: -1, Alone: "samples lie on another axis of the output in one shape than in another"}, nil
		}
		found = b
	}
	return found, nil
}

// FindTogether is Find for outputs that one metric reads: samples must lie on one axis of all of them.
func FindTogether(ctx context.Context, m *onnx.Model, data Samples, quantized bool, outputs ...string) (Batching, error) {
	found, err := Find(ctx, m, data, quantized, outputs[0])
	for _, name := range outputs[1:] {
		if err != nil || found.Alone != "" {
			return found, err
		}
		var next Batching
		next, err = Find(ctx, m, data, quantized, name)
		if err == nil && next.Alone == "" && next.Axis != found.Axis {
			return found, mistake.Errorf("%s: samples lie on axis %d of output %s and on axis %d of output %s: a metric that reads both needs one axis; export them so, or name one --output",
				m.Path, found.Axis, outputs[0], next.Axis, name)
		}
		if next.Alone != "" {
			found = next
		}
	}
	return found, err
}

// FindAll is Find for all outputs of a float network, if its batch is free; it does nothing if it is fixed.
func FindAll(ctx context.Context, m *onnx.Model, data Samples) (Batching, error) {
	var outputs []string
	for _, v := range m.Outputs() {
		if v.Type == ir.Float && Computed(m, v.Name) == nil {
			outputs = append(outputs, v.Name)
		}
	}
	if Fixed(m) > 0 || len(outputs) == 0 {
		return Batching{}, nil
	}
	return Find(ctx, m, data, false, outputs...)
}

// findBatchingOf is Find for samples of one shape.
func findBatchingOf(ctx context.Context, m *onnx.Model, data Samples, quantized bool, outputs ...string) (Batching, error) {
	fixed := Fixed(m)
	if Alone(m, data) {
		fixed = 1
	}
	model, err := ModelOf(variants.WithOutputs(m, outputs...))
	if err != nil || data.Len() == 0 {
		return Batching{}, nil
	}
	a, b, err := unlike(m, data)
	if err != nil {
		return Batching{}, err
	}
	size := max(fixed, 2)
	batch := func(size int, of ...int) []backend.Tensor {
		list, err := Inputs(m, InTurn{data, of}, size)
		if err != nil {
			return nil
		}
		return list
	}
	batches := [][]backend.Tensor{batch(size, a, b), batch(size, a), batch(size, b)}
	if fixed == 1 {
		batches = batches[:1]
		batches[0] = batch(1, a)
	}
	if slices.ContainsFunc(batches, func(l []backend.Tensor) bool { return l == nil }) {
		return Batching{}, nil // an input that cannot be fed, which is said elsewhere
	}
	if fixed == 0 {
		batches = slices.Insert(batches, 0, batch(1, a))
	}
	runs, err := direct.Look(ctx, model, batches...)
	if ctx.Err() != nil {
		return Batching{}, ctx.Err()
	}
	var found Batching
	for _, output := range outputs {
		if found, err = judgeBatching(m, fixed, runs, output, size, quantized, err); err != nil || found.Alone != "" {
			break
		}
	}
	if found.Alone != "" {
		found.Cure = otherAxis(m)
	}
	return found, err
}

// otherAxis is what to do where samples that seem to depend on each other may be steps of time, say, and the batch
// another axis of an input than the first, which no name tells; empty: no input has another axis of any size.
func otherAxis(m *onnx.Model) string { return axisCure(m, false) }

// axisCure is that of inputs whose first axis has a size of its own, or of any size.
func axisCure(m *onnx.Model, fixed bool) string {
	for _, v := range m.Inputs() {
		if len(v.Dims) == 0 || v.Dims[0] >= 0 != fixed || notFirst(m, v) {
			continue
		}
		for i, d := range v.Dims[1:] {
			if d >= 0 {
				continue
			}
			names := fmt.Sprintf("{0: \"time\", %d: \"batch\"}", i+1)
			if fixed {
				names = fmt.Sprintf("{%d: \"batch\"}", i+1)
			}
			return fmt.Sprintf("if the samples of input %s lie on axis %d and not on axis 0, export the network with their names, dynamic_axes={%q: %s}", v.Name, i+1, v.Name, names)
		}
	}
	return ""
}

// judgeBatching says how the samples of one output lie, of the runs that came to an end before failed; nil: all did.
func judgeBatching(m *onnx.Model, fixed int, runs []map[string]direct.Seen, output string, size int, quantized bool, failed error) (Batching, error) {
	switch {
	case len(runs) == 0 || runs[0][output].Values == nil:
		return Batching{}, nil
	case fixed == 1:
		return Batching{Axis: wholeAxis(runs[0][output].Dims)}, nil
	case failed != nil && fixed == 0:
		return Batching{Axis: wholeAxis(runs[0][output].Dims), Alone: "the network runs with one sample and not with two"}, nil
	case failed != nil:
		return Batching{}, nil
	}
	l := look{output: output, size: size}
	for i, to := range []*direct.Seen{&l.ofB, &l.ofA, &l.mixed} {
		*to = runs[len(runs)-1-i][output]
	}
	if fixed > 1 {
		return l.fixed(m)
	}
	return l.free(runs[0][output], quantized), nil
}

// wholeAxis is the axis of the samples in an output of one sample whose other runs show none: the first one where it
// has one element.
func wholeAxis(dims []int64) int {
	if len(dims) > 0 && dims[0] == 1 {
		return 0
	}
	return -1
}

// InTurn repeats some samples of a set for ever, in the same order.
type InTurn struct {
	Samples
	Of []int
}

// Len implements backend.Samples.
func (p InTurn) Len() int { return math.MaxInt32 }

// Read implements backend.Samples.
func (p InTurn) Read(input, sample int, dst []byte) error {
	return p.Samples.Read(input, p.Of[sample%len(p.Of)], dst)
}

// mostCompared is how many samples unlike looks at.
const mostCompared = 16

// unlike are two samples that show best whether samples touch each other: among the first and some of the others the
// one with the largest values and the one with the smallest, as a maximum over a block is that of one of its samples.
func unlike(m *onnx.Model, data Samples) (loud, quiet int, err error) {
	n := data.Len()
	input := slices.IndexFunc(m.Inputs(), func(v onnx.Value) bool { return v.Type == ir.Float })
	if input < 0 || n < 2 {
		return 0, n - 1, nil
	}
	elems := 1
	for _, d := range data.Shape(input) {
		elems *= int(d)
	}
	most, least := math.Inf(-1), math.Inf(1)
	buffer := make([]float32, elems)
	step := max(1, n/mostCompared)
	for i := 0; i < n; i += step {
		if err := data.Read(input, i, BytesOf(buffer)); err != nil {
			return 0, 0, err
		}
		size := 0.0
		for _, v := range buffer {
			size += math.Abs(float64(v))
		}
		if size > most {
			most, loud = size, i
		}
		if size < least {
			least, quiet = size, i
		}
	}
	if loud == quiet {
		quiet = (loud + 1) % n
	}
	return loud, quiet, nil
}

// BytesOf returns the memory of a slice as bytes. It shares the memory.
func BytesOf(v []float32) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 4*len(v))
}
