package question

import (
	"slices"
	"strconv"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/scan"
	"example.org/demote/internal/task"
	"example.org/demote/result"
)

// An attempt is another way to prepare the samples.
type attempt struct {
	result.Instead
	id, change, cure string
	apply            func(x []float32) // one sample of the input, in place
	input            int
}

// An affine is (x*scale - mean)/std, with a number for each channel; channel k has the elements at/inner%channels ==
// k.
type affine struct {
	scale, Mean, Std []float32
	inner            int
}

// of is the channel of an element.
func (a affine) of(at int) int { return at / a.inner % len(a.scale) }

// otherWays are the ways that are worth a try: other scales where the score is doubtful, and another order of three
// channels.
func otherWays(p *task.Task, c config.Config, g *Sight, data *scan.Scan) (list []*attempt) {
	input, floats := -1, 0
	for i, in := range p.Inputs {
		if in.Type == backend.DType(ir.Float) {
			input = i
			floats++
		}
	}
	// --scale, --mean and --std are for networks of one such input, and no image has its samples inside
	if floats != 1 || p.Inputs[input].Axis > 0 {
		return nil
	}
	shape := p.Inputs[input].Sample()
	now := affineOf(c, shape)
	if now == nil {
		return nil
	}
	inner, colour := channels(shape)
	if g.doubtful() {
		for _, f := range scales(c, data.Low[input], data.High[input], colour) {
			next := affineOf(f.on(c), shape)
			if next == nil {
				continue
			}
			list = append(list, &attempt{id: "scale-differs", change: f.Text, cure: f.Text, input: input, apply: func(x []float32) { rescale(x, *now, *next) }})
		}
	}
	if colour {
		turned := "x[:, ::-1]"
		if inner == 1 {
			turned = "x[..., ::-1]"
		}
		list = append(list, &attempt{id: "channels-turned", change: "the order of channels turned", cure: "save the samples as " + turned, input: input,
			apply: func(x []float32) { reverseChannels(x, *now, inner) }})
	}
	return list
}

// channels tells whether a sample is an image of three channels, and how far one is from the next.
func channels(shape []int64) (inner int, colour bool) {
	switch {
	case len(shape) != 3:
		return 1, false
	case shape[0] == 3:
		return int(shape[1] * shape[2]), true
	}
	return 1, shape[2] == 3
}

// affineOf is what --scale, --mean and --std do to samples of a shape; nil where they do not fit it.
func affineOf(c config.Config, shape []int64) *affine {
	n := max(1, len(c.Scale), len(c.Mean), len(c.Std))
	a := &affine{inner: 1}
	if n > 1 {
		switch {
		case len(shape) > 1 && shape[0] == int64(n):
			for _, d := range shape[1:] {
				a.inner *= int(d)
			}
		case len(shape) > 0 && shape[len(shape)-1] == int64(n):
		default:
			return nil
		}
	}
	spread := func(v []float32, or float32) []float32 {
		switch len(v) {
		case 0:
			return slices.Repeat([]float32{or}, n)
		case 1:
			return slices.Repeat(v, n)
		case n:
			return v
		}
		return nil
	}
	a.scale, a.Mean, a.Std = spread(c.Scale, 1), spread(c.Mean, 0), spread(c.Std, 1)
	if a.scale == nil || a.Mean == nil || a.Std == nil || slices.Contains(a.scale, 0) {
		return nil
	}
	return a
}

// flags are other values of --scale, --mean and --std.
type flags struct {
	Text             string
	scale, mean, std []float32
}

// on is a configuration with these flags.
func (f flags) on(c config.Config) config.Config {
	c.Scale, c.Mean, c.Std = f.scale, f.mean, f.std
	return c
}

// imageMean and imageStd are how torchvision's networks want RGB of 0 to 1: the statistics of ImageNet.
var imageMean, imageStd = []float32{0.485, 0.456, 0.406}, []float32{0.229, 0.224, 0.225}

// scales are the scales that networks are usually trained with, told from that of the data, whose range is low to
// high.
func scales(c config.Config, low, high float64, colour bool) (list []flags) {
	times := func(f float32) []float32 {
		if len(c.Scale) == 0 {
			return []float32{f}
		}
		v := slices.Clone(c.Scale)
		for i := range v {
			v[i] *= f
		}
		return v
	}
	given := len(c.Mean)+len(c.Std) > 0
	small := max(high, -low) <= 8 // 0 to 1, -1 to 1 or normalized; not 0 to 255
	unit := float32(1) / 255
	switch {
	case given || len(c.Scale) > 0:
		list = append(list, flags{"", times(255), c.Mean, c.Std}, flags{"", times(unit), c.Mean, c.Std})
	case small:
		list = append(list, flags{"", times(255), nil, nil})
		if low >= 0 {
			list = append(list, flags{"", []float32{2}, []float32{1}, nil})
		}
		unit = 1
	default:
		list = append(list, flags{"", times(unit), nil, nil})
		if low >= 0 {
			list = append(list, flags{"", []float32{unit * 2}, []float32{1}, nil})
		}
	}
	if colour && low >= 0 && !given && len(c.Scale) == 0 {
		list = append(list, flags{"", []float32{unit}, imageMean, imageStd})
	}
	for i := range list {
		list[i].Text = list[i].words()
	}
	return list
}

// words are the flags as they are typed.
func (f flags) words() string {
	var parts []string
	for _, v := range []struct {
		flag   string
		values []float32
		none   float32
	}{{"--scale", f.scale, 1}, {"--mean", f.mean, 0}, {"--std", f.std, 1}} {
		if len(v.values) == 0 || len(v.values) == 1 && v.values[0] == v.none {
			continue
		}
		var texts []string
		for _, x := range v.values {
			texts = append(texts, strconv.FormatFloat(float64(x), 'g', 7, 32))
		}
		parts = append(parts, v.flag+" "+strings.Join(texts, ","))
	}
	if parts == nil {
		return "no --scale"
	}
	return strings.Join(parts, " ")
}

// rescale turns a sample that was prepared in one way into one that is prepared in another.
func rescale(x []float32, from, to affine) {
	for i, v := range x {
		k, l := from.of(i), to.of(i)
		raw := (v*from.Std[k] + from.Mean[k]) / from.scale[k]
		x[i] = (raw*to.scale[l] - to.Mean[l]) / to.Std[l]
	}
}

// reverseChannels turns the order of the three channels of the samples as they were before they were prepared.
func reverseChannels(x []float32, now affine, inner int) {
	raw := make([]float32, len(x))
	for i, v := range x {
		k := now.of(i)
		raw[i] = (v*now.Std[k] + now.Mean[k]) / now.scale[k]
	}
	for i := range x {
		channel := i / inner % 3
		k := now.of(i)
		x[i] = (raw[i+(2-2*channel)*inner]*now.scale[k] - now.Mean[k]) / now.Std[k]
	}
}

// changed are some samples of a set, changed in several ways: all of them in the first way, then in the second, ...
type changed struct {
	set     *dataset.Set
	samples []int
	tries   []*attempt
}

func (c *changed) Len() int { return len(c.samples) * len(c.tries) }

func (c *changed) Read(input, i int, dst []byte) error {
	t := c.tries[i/len(c.samples)]
	if err := c.set.Read(input, c.samples[i%len(c.samples)], dst); err != nil || input != t.input {
		return err
	}
	x := make([]float32, len(dst)/4)
	copy(blocks.BytesOf(x), dst)
	t.apply(x)
	copy(dst, blocks.BytesOf(x))
	return nil
}
