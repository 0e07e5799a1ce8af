package dataset

import (
	"maps"
	"os"
	"slices"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/number"
	"example.org/demote/mistake"
)

// fitSteps is fit for samples that may have several steps, in front of what the input has; 0: they have no axis for
// them.
func fitSteps(a arrays.Array, in Input) (shape []int64, whole bool, steps int, err error) {
	if !in.Steps {
		shape, whole, err = fit(a, in)
		return shape, whole, 0, err
	}
	if len(a.Shape) > 1 && a.Shape[1] > 1 && a.Shape[1] <= arrays.MostSamples { // one step is the same in every step
		one := a
		one.Shape = slices.Delete(slices.Clone(a.Shape), 1, 2)
		if shape, whole, err = fit(one, in); err == nil {
			return append([]int64{a.Shape[1]}, shape...), whole, int(a.Shape[1]), nil
		}
	}
	if shape, whole, err = fit(a, in); err != nil {
		err = mistake.Errorf("%s has shape %s, but a step of the network's input is %s: save the samples as [samples, steps] and what the network has of one step", a.What, arrays.Dims(a.Shape), in)
	}
	return shape, whole, 0, err
}

// raggedSteps is raggedColumn for samples of different numbers of steps: the axis of the steps is one of any size.
func raggedSteps(a arrays.Array, in Input, o Options, floats int) (*column, error) {
	steps, rank := in, len(a.Items[0].Shape)
	steps.Steps, steps.Batched, steps.Whole, steps.Inside = false, true, false, 0
	switch {
	case rank == len(in.Dims) && !in.Whole: // the steps in the place of the batch
		steps.Dims = slices.Insert(slices.Clone(in.Dims), 1, -1)
	case rank == len(in.Dims)+1 && !in.Batched: // in front of all of the input
		steps.Dims = append([]int64{-1, -1}, in.Dims...)
	default:
		plain := in
		plain.Steps, o.oneShape = false, true
		return raggedColumn(a, plain, o, floats)
	}
	plain := o
	plain.Scale, plain.Mean, plain.Std, plain.oneShape = nil, nil, nil, true
	c, err := raggedColumn(a, steps, plain, floats)
	if err != nil {
		return nil, err
	}
	c.in, c.whole, c.steps = in, rank > len(in.Dims), int(c.shape[0])
	norm, err := normalizerOf(in, c.shape[1:], o, floats)
	c.cast = number.NewConverter(a.Elem, in.Type, a.BigEndian, norm)
	c.spare = []*number.Converter{c.cast}
	return c, err
}

// checkSteps sees that all inputs have as many steps, but for those that have none.
func (s *Set) checkSteps() error {
	var first *column
	for _, c := range s.columns {
		switch {
		case c.steps == 0:
		case first == nil:
			first = c
		case c.steps != first.steps:
			return mistake.Errorf("%s has %d steps a sample and %s has %d: save as many of each", first.a.What, first.steps, c.a.What, c.steps)
		}
	}
	return nil
}

// begin gives inputs that the data have no array of the value that they begin with.
func (s *Set) begin(o Options) (Options, error) {
	if len(o.Begin) == 0 {
		return o, nil
	}
	o.Alike = maps.Clone(o.Alike)
	if o.Alike == nil {
		o.Alike = map[string][]byte{}
	}
	has := func(string) bool { return false }
	if info, err := os.Stat(s.path); err == nil && !info.IsDir() {
		f, closer, err := arrays.Open(s.path, s.temp)
		if err != nil {
			return o, err
		}
		defer closer.Close()
		if f.Format() == arrays.NPZ {
			z, err := arrays.OpenArchive(f)
			if err != nil {
				return o, err
			}
			has = func(key string) bool { return z.Has(key) || z.Has(arrays.ItemKey(key, 0)) }
		}
	}
	for name, value := range o.Begin {
		if !has(name) {
			o.Alike[name] = value
		}
	}
	return o, nil
}
