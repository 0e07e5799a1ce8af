package run

import (
	"context"
	"hash/maphash"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// twice hands the samples of one block out a second time before all others: a network that gives other bits then gives no score
// that could be relied on. What is left of a block that the samples do not fill is padded as a pass pads it.
type twice struct {
	samples
	block int
}

func (t twice) Len() int { return t.block + t.samples.Len() }

func (t twice) Read(input, sample int, dst []byte) error {
	switch {
	case sample >= t.block:
		sample -= t.block
	case sample >= t.samples.Len():
		sample = 0
	}
	return t.samples.Read(input, sample, dst)
}

// repeats compares the outputs of a block with those of the same block before.
type repeats struct {
	seed maphash.Seed
	sums []uint64
}

// sum takes the outputs of the first time.
func (r *repeats) sum(outputs [][]float32) {
	r.seed, r.sums = maphash.MakeSeed(), make([]uint64, len(outputs))
	for i, values := range outputs {
		r.sums[i] = maphash.Bytes(r.seed, floatBytes(values))
	}
}

// differs is the first output whose bits are others now; -1 if none is.
func (r *repeats) differs(outputs [][]float32) int {
	for i, values := range outputs {
		if maphash.Bytes(r.seed, floatBytes(values)) != r.sums[i] {
			return i
		}
	}
	return -1
}

// withOutputs adds the network's own outputs to the tensors that a pass looks at, as far as their shapes are known and they are
// float32: chance may reach them alone.
func withOutputs(m *onnx.Model, src *source, names []string) []string {
	computed := map[string]bool{}
	for _, name := range m.Computed() {
		computed[name] = true
	}
	for _, v := range m.Outputs() {
		if t, known := src.tensors[v.Name]; known && computed[v.Name] && t.Type == backend.DType(ir.Float) && !slices.Contains(names, v.Name) {
			names = append(names, v.Name)
		}
	}
	return names
}

// refuseChance is the error for a network whose tensor had other bits when the first block ran again. It runs the block with all
// tensors as outputs to find the first node that shows it, which is not always one of those that are quantized.
func refuseChance(ctx context.Context, m *onnx.Model, data samples, block int, tensor string, c Config) error {
	first := tensor
	if src, err := newSource(m, 0, []string{tensor}); err == nil {
		if found := firstChance(ctx, src, data, block); found != "" {
			first = found
		}
	}
	node := m.Maker(first)
	return mistake.Errorf("%s: the network gives other values when it runs again on the same samples of %s, first in tensor %s, made by %s: no score could be repeated; export the network for inference, without what draws lots",
		c.Model, c.Calib, first, node)
}

// firstChance is the first tensor, in the order of the nodes, that has other bits when the first block runs again; empty where
// none has, or where not all can be looked at.
func firstChance(ctx context.Context, src *source, data samples, block int) (first string) {
	var names []string
	for _, name := range src.model.Computed() {
		if t, known := src.tensors[name]; known && t.Type == backend.DType(ir.Float) {
			names = append(names, name)
		}
	}
	all, err := src.segment(variants.WithOutputs(src.model, variants.WithStates(src.model, names...)...))
	if err != nil {
		return ""
	}
	place := map[string]int{}
	for i, name := range names {
		place[name] = i
	}
	r, at := &repeats{}, len(names)
	_ = direct.PassSteps(ctx, all, twice{firstBlock{data, block}, block}, optimization, func(first, _, step int, outputs [][]float32) error {
		outputs = outputs[:len(names)]
		if step > 0 { // chance shows in the first
			return nil
		}
		if first == 0 {
			r.sum(outputs)
			return nil
		}
		for i := range outputs {
			if maphash.Bytes(r.seed, floatBytes(outputs[i])) != r.sums[i] {
				at = min(at, place[all.Outputs[i].Name])
			}
		}
		return nil
	})
	if at == len(names) {
		return ""
	}
	return names[at]
}

// firstBlock is one block of samples.
type firstBlock struct {
	samples
	block int
}

func (f firstBlock) Len() int { return min(f.block, f.samples.Len()) }
