package dataset

import (
	"math"
	"slices"

	"example.org/demote/mistake"
)

// normalizer computes (x*scale - mean)/std in float32, one rounding an operation and in this order, with one set of
// numbers for all channels or one a channel.
type normalizer struct {
	scale, mean, std []float32 // of equal length
	asked            [3]bool   // which of them are more than what changes nothing
	inner            int       // elements from one channel to the next; 1 if the channels are the last axis
}

// newNormalizer returns nil if nothing is asked for. shape is the shape of a sample; the channels are its first axis if
// that has as many as numbers are given, else the last.
func newNormalizer(in Input, shape []int64, o *Options) (*normalizer, error) {
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
	z := &normalizer{inner: 1, asked: [3]bool{len(o.Scale) > 0, len(o.Mean) > 0, len(o.Std) > 0}}
	for i, to := range []*[]float32{&z.scale, &z.mean, &z.std} {
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
		z.inner = int(product(shape[1:]))
	case len(shape) > 0 && shape[len(shape)-1] == n:
	default:
		return nil, mistake.Errorf("scale, mean and std have %d numbers, but a sample of input %q is %s: give one number, or one a channel",
			channels, in.Name, dims(shape))
	}
	return z, nil
}

// apply normalizes elements of a sample of which the first is number first.
func (z *normalizer) apply(v []float64, first int) {
	channels := len(z.scale)
	for i := 0; i < len(v); {
		at := first + i
		c := at / z.inner % channels
		end := min(len(v), i+z.inner-at%z.inner)
		scale, mean, std := z.scale[c], z.mean[c], z.std[c]
		for ; i < end; i++ {
			// the conversions keep the compiler from fusing operations
			x := float32(float32(v[i]) * scale)
			v[i] = float64(float32(x-mean) / std)
		}
	}
}
