package link

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"example.org/demote/backend/metric"
)

// Sizes are how many elements the lists of a truth have, of all samples. What they are of a block's samples comes with
// the block.
type Sizes struct {
	Labels, Pixels, Values, Reference int64
	LabelDims                         []int64 `json:",omitempty"`
	Labelled                          []int64 `json:",omitempty"` // of all samples, see metric.Truth
}

// SizesOf are those of a truth, as far as a metric wants labels and the outputs of the reference network.
func SizesOf(t metric.Truth, labels, reference bool) *Sizes {
	s := &Sizes{LabelDims: t.LabelDims}
	if labels {
		s.Labels, s.Pixels, s.Values = int64(len(t.Labels)), int64(len(t.Pixels)), int64(len(t.Values))
	}
	if reference {
		s.Reference = int64(len(t.Reference))
	}
	return s
}

// Truth is one of these sizes for so many samples, of at most so many bytes, in which nothing is known yet: memory that
// nobody writes to is not taken.
func (s *Sizes) Truth(samples int, most int64) (t metric.Truth, err error) {
	all := 8 * int64(len(s.Labelled))
	for _, list := range []struct{ n, bytes int64 }{{s.Labels, 8}, {s.Pixels, 4}, {s.Values, 4}, {s.Reference, 4}} {
		if list.n < 0 || list.n%int64(samples) != 0 || list.n > most/list.bytes || all > most-list.n*list.bytes {
			return t, fmt.Errorf("lists of %d elements for %d samples: there is room for %d bytes", list.n, samples, most)
		}
		all += list.n * list.bytes
	}
	t.LabelDims, t.Labelled = s.LabelDims, s.Labelled
	t.Labels, t.Pixels = sized[int64](s.Labels), sized[int32](s.Pixels)
	t.Values, t.Reference = sized[float32](s.Values), sized[float32](s.Reference)
	return t, nil
}

// sized is a list of n zeros; nil for none.
func sized[T any](n int64) []T {
	if n == 0 {
		return nil
	}
	return make([]T, n)
}

// inlineTruth is how many bytes of a block's truth travel in the block itself: class labels, and the like.
const inlineTruth = 256

// SetTruth gives a block what the outputs of its samples are compared with, which are some of so many by their number
// among those of their shape; its file is put by put.
func (b *Block) SetTruth(t metric.Truth, s *Sizes, some []int, samples int, put func(data []byte) (File, error)) error {
	data := s.of(t, some, samples)
	if len(data) <= inlineTruth {
		b.Truth = data
		return nil
	}
	f, err := put(data)
	b.TruthFile = &f
	return err
}

// of are the bytes of a truth of some of so many samples: the lists one behind the other, little-endian.
func (s *Sizes) of(t metric.Truth, some []int, samples int) (data []byte) {
	if s.Labels > 0 {
		for _, l := range parts(t.Labels, some, samples) {
			data = binary.LittleEndian.AppendUint64(data, uint64(l))
		}
	}
	if s.Pixels > 0 {
		for _, l := range parts(t.Pixels, some, samples) {
			data = binary.LittleEndian.AppendUint32(data, uint32(l))
		}
	}
	if s.Values > 0 {
		data = append(data, floats(parts(t.Values, some, samples))...)
	}
	if s.Reference > 0 {
		data = append(data, floats(parts(t.Reference, some, samples))...)
	}
	return data
}

// parts are those of some of so many samples of a list with as much of each.
func parts[T any](list []T, some []int, samples int) (own []T) {
	per := len(list) / samples
	for _, s := range some {
		own = append(own, list[s*per:(s+1)*per]...)
	}
	return own
}

// GetTruth returns the bytes of a block's truth, which may be fetched.
func (b *Block) GetTruth(ctx context.Context, get func(ctx context.Context, f File, most int64) ([]byte, error), t metric.Truth, samples int) ([]byte, error) {
	size := int64(len(b.Samples)) * (8*int64(len(t.Labels)) + 4*int64(len(t.Pixels)+len(t.Values)+len(t.Reference))) / int64(samples)
	data, err := b.Truth, error(nil)
	if b.TruthFile != nil {
		data, err = get(ctx, *b.TruthFile, size)
	}
	if err == nil && int64(len(data)) != size {
		err = errors.New("what the outputs of a block are compared with has another size")
	}
	return data, err
}

// FillTruth enters the bytes of a block, which GetTruth has returned, into a truth of so many samples, of which the
// block's are some.
func FillTruth(t metric.Truth, some []int, samples int, data []byte) {
	each := func(n int, bytes int, set func(at int, b []byte)) {
		per := n / samples
		for _, s := range some {
			for at := s * per; at < (s+1)*per; at++ {
				set(at, data)
				data = data[bytes:]
			}
		}
	}
	each(len(t.Labels), 8, func(at int, b []byte) { t.Labels[at] = int64(binary.LittleEndian.Uint64(b)) })
	each(len(t.Pixels), 4, func(at int, b []byte) { t.Pixels[at] = int32(binary.LittleEndian.Uint32(b)) })
	each(len(t.Values), 4, func(at int, b []byte) { t.Values[at] = math.Float32frombits(binary.LittleEndian.Uint32(b)) })
	each(len(t.Reference), 4, func(at int, b []byte) { t.Reference[at] = math.Float32frombits(binary.LittleEndian.Uint32(b)) })
}
