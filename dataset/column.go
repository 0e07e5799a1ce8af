package dataset

import (
	"math"
	"sync"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/number"
	"example.org/demote/mistake"
)

// column is the data of one input: an array, or for ragged samples an array each, matched with what the network has.
// Any number of goroutines may read it.
type column struct {
	in    Input
	a     arrays.Array
	shape []int64 // of one sample, as the network sees it
	whole bool    // the shape is that of the whole input, which has no batch in front
	steps int     // that the shape has in front of it; 0: none
	per   int     // elements of one sample

	items []arrays.Array // of samples of different shapes
	pad   []byte         // an element of what they lack
	// of makes the column of those ragged samples that have one shape; nil: all samples have the shape above, or are
	// padded to it. Where there is an of, the shape above is on each axis that of the longest sample.
	of func(shape []int64) (*column, error)

	cast  *number.Converter // the first one; its types and normalizer are those of all
	mu    sync.Mutex
	spare []*number.Converter // that nobody uses: there are as many as there were readers at a time
}

// converter hands out one that nobody else uses, until giveBack.
func (c *column) converter() *number.Converter {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.spare) - 1
	if last < 0 {
		return number.NewConverter(c.cast.From, c.cast.To, false, c.cast.Norm)
	}
	own := c.spare[last]
	c.spare = c.spare[:last]
	return own
}

func (c *column) giveBack(own *number.Converter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spare = append(c.spare, own)
}

// newColumn matches an array with an input of a network that has so many floating-point inputs: floats. Errors are
// mistake.Err.
func newColumn(a arrays.Array, in Input, o Options, floats int) (*column, error) {
	if a.Elem == Text {
		return nil, mistake.Errorf("%s has dtype %q: convert it to %s", a.What, a.Descr(), number.TypeNames)
	}
	if a.Items != nil {
		return raggedColumn(a, in, o, floats)
	}
	shape, whole, steps, err := fitSteps(a, in)
	if err != nil && o.Pad[in.Name] != nil && len(a.Shape) > 1 {
		if c, e := raggedColumn(a.Rows(), in, o, floats); e == nil {
			return c, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if err := castable(a, in); err != nil {
		return nil, err
	}
	norm, err := normalizerOf(in, shape[min(steps, 1):], o, floats)
	if err != nil {
		return nil, err
	}
	per := arrays.Elements(a.Shape[1:])
	if per > math.MaxInt/int64(in.Type.Size()) {
		return nil, mistake.Errorf("%s has %d elements a sample: the file is damaged", a.What, per)
	}
	cast := number.NewConverter(a.Elem, in.Type, a.BigEndian, norm)
	return &column{in: in, a: a, shape: shape, whole: whole, steps: steps, per: int(per), cast: cast, spare: []*number.Converter{cast}}, nil
}

// normalizerOf is the scale, mean and std that the options ask for on an input's numbers; shape is that of a sample, or
// of one of its steps. nil: the numbers stay as they are.
func normalizerOf(in Input, shape []int64, o Options, floats int) (*number.Normalizer, error) {
	if !in.Type.Float() && floats > 0 || in.State {
		return nil, nil
	}
	norm, err := newNormalizer(in, shape, &o)
	if norm != nil && floats == 0 {
		return nil, mistake.Errorf("scale, mean and std are for a floating-point input, and the network's input %s takes %s as they are: leave them out", in, in.Type)
	}
	if norm != nil && floats != 1 {
		return nil, mistake.Errorf("scale, mean and std need a network with one floating-point input, and this one has %d: normalize the data before saving them", floats)
	}
	return norm, err
}

func (c *column) bytes() int { return c.per * c.in.Type.Size() }

// read writes n elements of the sample at row, from element first on, to dst, converted. row is the sample's number in
// the file, before a limit or a hold-out.
func (c *column) read(row, first, n int, dst []byte) error {
	switch {
	case c.items != nil:
		return c.readPadded(row, first, n, dst)
	case c.a.Alike:
		row = 0
	}
	return c.readRun(c.a, int64(row)*int64(c.per)+int64(first), row, first, n, dst)
}

// readRun writes n elements of an array, from element at on, to dst: of the sample at row those from element first on.
func (c *column) readRun(a arrays.Array, at int64, row, first, n int, dst []byte) error {
	size := a.Elem.Size()
	off := a.Offset + at*int64(size)
	if c.cast.Direct() {
		if err := a.ReadAt(dst, off); err != nil {
			return err
		}
		if a.BigEndian {
			number.SwapBytes(dst, size)
		}
		return nil
	}
	cast := c.converter()
	defer c.giveBack(cast)
	cast.BigEndian = a.BigEndian
	to := c.in.Type.Size()
	for done := 0; done < n; done += number.Chunk {
		m := min(number.Chunk, n-done)
		raw := cast.Raw[:m*size]
		if err := a.ReadAt(raw, off+int64(done)*int64(size)); err != nil {
			return err
		}
		if i := cast.Convert(dst[done*to:], raw, first+done); i >= 0 {
			return mistake.Errorf("%s holds %s at element %d of sample %d, but the network's input %s is %s: correct the data",
				c.a.What, cast.Number(i), first+done+i, row, c.in, c.in.Type)
		}
	}
	return nil
}
