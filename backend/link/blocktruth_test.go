package link

import (
	"context"
	"reflect"
	"testing"

	"example.org/demote/backend/metric"
)

// TestTruthOfABlock sends what the outputs of some samples are compared with, short and long, and enters it where it
// belongs: what is of other samples stays unknown, and other lengths are refused.
func TestTruthOfABlock(t *testing.T) {
	const samples = 6
	for _, per := range []int{1, 300} {
		full := metric.Truth{Labels: make([]int64, samples), LabelDims: []int64{2}}
		for i := range samples * per {
			full.Pixels, full.Values, full.Reference = append(full.Pixels, int32(i)), append(full.Values, float32(i)/2), append(full.Reference, -float32(i))
		}
		for i := range full.Labels {
			full.Labels[i] = int64(10 + i)
		}
		sizes := SizesOf(full, true, true)
		b := Block{Samples: []int{4, 1}}
		var file []byte
		if err := b.SetTruth(full, sizes, b.Samples, samples, func(data []byte) (File, error) { file = data; return File{Size: int64(len(data))}, nil }); err != nil {
			t.Fatal(err)
		}
		if long := per > 1; (file != nil) != long || (b.Truth == nil) != long || len(file)+len(b.Truth) != 2*(8+12*per) {
			t.Errorf("%d a sample: %d bytes in the block, %d in a file", per, len(b.Truth), len(file))
		}
		there, err := sizes.Truth(samples, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		get := func(context.Context, File, int64) ([]byte, error) { return file, nil }
		data, err := b.GetTruth(t.Context(), get, there, samples)
		if err != nil {
			t.Fatal(err)
		}
		FillTruth(there, b.Samples, samples, data)
		want := metric.Truth{Labels: make([]int64, samples), Pixels: make([]int32, samples*per), Values: make([]float32, samples*per), Reference: make([]float32, samples*per), LabelDims: full.LabelDims}
		for _, s := range b.Samples {
			want.Labels[s] = full.Labels[s]
			copy(want.Pixels[s*per:(s+1)*per], full.Pixels[s*per:])
			copy(want.Values[s*per:(s+1)*per], full.Values[s*per:])
			copy(want.Reference[s*per:(s+1)*per], full.Reference[s*per:])
		}
		if !reflect.DeepEqual(there, want) {
			t.Errorf("%d a sample: %v, want %v", per, there, want)
		}
		b.Samples = b.Samples[:1]
		if _, err := b.GetTruth(t.Context(), get, there, samples); err == nil {
			t.Error("the truth of two samples is taken for that of one")
		}
		for _, bad := range []Sizes{{Labels: -6}, {Labels: 7}, {Reference: 6 << 40}, {Values: 200000, Pixels: 200000}} {
			if _, err := bad.Truth(samples, 1<<20); err == nil {
				t.Errorf("%+v is taken", bad)
			}
		}
	}
}
