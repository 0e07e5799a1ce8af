package blocks

import (
	"slices"

	"example.org/demote/backend"
)

// sampleRows says which values of a tensor are a sample's, in a block.
type sampleRows struct {
	outer, block int // of [outer, block, ...] the second axis is the samples'; block is 0 where none is
}

// Rows says how the samples of a block lie in a tensor: on the axis that grows with their number. A tensor that does
// not grow belongs to all samples.
func (s *Shapes) Rows(name string, block int) sampleRows {
	at := s.samplesAxis(name, block)
	if at < 0 && s.Growing {
		return sampleRows{}
	}
	return sampleRows{ElemsOf(s.One[name][:max(0, at)]), block}
}

// samplesAxis is the axis of a tensor on which the samples of a block lie: that which grows with them, or is of their
// number where the network fixes it; -1: there is none.
func (s *Shapes) samplesAxis(name string, block int) int {
	one, two := s.One[name], s.Two[name]
	for i := range one {
		if i < len(two) && one[i] != two[i] {
			return i
		}
	}
	if s.Growing {
		return -1
	}
	return axisOfSize(one, block)
}

// axisOfSize is the axis of a tensor of blocks that are fixed to a size on which the samples are taken to lie: the
// first one where its size is a multiple, as where a sample has several rows, else the first of that very size; -1:
// there is none.
func axisOfSize(dims []int64, block int) int {
	if len(dims) > 0 && dims[0]%int64(block) == 0 {
		return 0
	}
	return slices.Index(dims, int64(block))
}

// axes are the axes of the samples in all tensors of blocks, which no axis is for that is not listed; nil: they lie
// in front.
func (s *Shapes) axes(inputs []backend.Tensor, block int) map[string]int {
	axes, inside := map[string]int{}, false
	note := func(name string, axis int) {
		axes[name], inside = axis, inside || axis > 0
	}
	for name := range s.One {
		if at := s.samplesAxis(name, block); at >= 0 {
			note(name, at)
		}
	}
	for _, in := range inputs {
		note(in.Name, in.Axis)
	}
	if !inside {
		return nil
	}
	return axes
}

// Of returns a sample's values. If the tensor belongs to all samples, the first one has all of it.
func (r sampleRows) Of(values []float32, slot int) []float32 {
	if r.block == 0 || len(values)%(r.outer*r.block) != 0 {
		if slot > 0 {
			return nil
		}
		return values
	}
	inner := len(values) / (r.outer * r.block)
	if r.outer == 1 {
		return values[slot*inner : (slot+1)*inner]
	}
	list := make([]float32, 0, r.outer*inner)
	for i := range r.outer {
		list = append(list, values[(i*r.block+slot)*inner:][:inner]...)
	}
	return list
}
