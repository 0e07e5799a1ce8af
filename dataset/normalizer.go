package dataset

import (
	"math"
	"slices"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/number"
	"example.org/demote/mistake"
)

// newNormalizer returns nil if nothing is asked for. shape is the shape of a sample; the channels are its first axis if
// that has as many as numbers are given, else the last.
func newNormalizer(in Input, shape []int64, o *Options) (*number.Normalizer, error) {
	channels := 1
	given := []struct {
		name   string
		values []float32
		or     float32
	}{{"scale", o.Scale, 1}, {"mean", o.Mean, 0}, {"std", o.Std, 1}}
	asked := false
	for _, g := range given {
		asked = asked || len(g.values) > 0
		channels = max(channels, len(g.values))
	}
	if !asked {
		return nil, nil
	}
	z := &number.Normalizer{Inner: 1, Asked: [3]bool{len(o.Scale) > 0, len(o.Mean) > 0, len(o.Std) > 0}}
	for i, to := range []*[]float32{&z.Scale, &z.Mean, &z.Std} {
		g := given[i]
		switch len(g.values) {
		case 0:
			*to = slices.Repeat([]float32{g.or}, channels)
		case 1:
			*to = slices.Repeat(g.values, channels)
		case channels:
			*to = slices.Clone(g.values)
		default:
			return nil, mistake.Errorf("%s has %d numbers where another option has %d: give one, or one a channel", g.name, len(g.values), channels)
		}
		for _, v := range *to {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || g.name == "std" && v == 0 {
				return nil, mistake.Errorf("%s holds %v: give finite numbers, and a std that is not 0", g.name, v)
			}
		}
	}
	if channels == 1 {
		return z, nil
	}
	n := int64(channels)
	switch {
	case len(shape) > 1 && shape[0] == n:
		z.Inner = int(arrays.Elements(shape[1:]))
	case len(shape) > 0 && shape[len(shape)-1] == n:
	default:
		return nil, mistake.Errorf("scale, mean and std have %d numbers, but a sample of input %q is %s: give one number, or one a channel",
			channels, in.Name, arrays.Dims(shape))
	}
	return z, nil
}
