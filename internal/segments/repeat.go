package segments

import (
	"context"
	"hash/maphash"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// WithOutputs adds the network's own outputs to the tensors that a pass compares, if their shapes are known and they
// are float32: random nodes may affect them alone.
func WithOutputs(m *onnx.Model, src *Source, names []string) []string {
	computed := map[string]bool{}
	for _, name := range m.Computed() {
		computed[name] = true
	}
	for _, v := range m.Outputs() {
		if t, known := src.Tensors[v.Name]; known && computed[v.Name] && t.Type == backend.DType(ir.Float) && !slices.Contains(names, v.Name) {
			names = append(names, v.Name)
		}
	}
	return names
}

// FirstChance returns the first tensor, in the order of the nodes, with other bits in a second run of the first block;
// empty if there is none, or if not all tensors can be compared.
func FirstChance(ctx context.Context, src *Source, data blocks.Samples, block int) (first string) {
	var names []string
	for _, name := range src.Model.Computed() {
		if t, known := src.Tensors[name]; known && t.Type == backend.DType(ir.Float) {
			names = append(names, name)
		}
	}
	all, err := src.Of(variants.WithOutputs(src.Model, variants.WithStates(src.Model, names...)...))
	if err != nil {
		return ""
	}
	place := map[string]int{}
	for i, name := range names {
		place[name] = i
	}
	r, at := &blocks.Repeats{}, len(names)
	_ = direct.PassSteps(ctx, all, blocks.Twice{Samples: firstBlock{data, block}, Block: block}, blocks.Optimization, func(first, _, step int, outputs [][]float32) error {
		outputs = outputs[:len(names)]
		if step > 0 { // chance shows in the first
			return nil
		}
		if first == 0 {
			r.Sum(outputs)
			return nil
		}
		for i := range outputs {
			if maphash.Bytes(r.Seed, blocks.BytesOf(outputs[i])) != r.Sums[i] {
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
	blocks.Samples
	block int
}

func (f firstBlock) Len() int { return min(f.block, f.Samples.Len()) }
