package machine

import (
	"errors"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// probe is the network with every tensor as an output, for naming the first that is wrong.
type probe struct {
	segment *device.Segment
	device.Network
}

// openProbe compiles the probe. Its tensors take the memory of a block's whole network, so it is
// opened only when something is to be named.
func (e *Single) openProbe() (*probe, error) {
	if e.sources != nil {
		e.sources.Lock()
		defer e.sources.Unlock()
	}
	s, err := e.source.Probe()
	if err != nil {
		return nil, err
	}
	c, err := e.device.Compile([]*device.Segment{s}, e.inputs, 1)
	if err != nil {
		return nil, err
	}
	return &probe{segment: s, Network: c}, nil
}

// run returns copies of all float outputs, by output, as the last step leaves them; nil for the others, and for those
// that the runtime does not write.
func (p *probe) run(m search.Mask, data device.Block) (last [][]float32, err error) {
	err = p.each(m, data, func(_ int, out [][]float32) { last = out })
	return last, err
}

// each hands the outputs that run returns to f, of every step.
func (p *probe) each(m search.Mask, data device.Block, f func(step int, out [][]float32)) error {
	l := p.Lanes()[0]
	return l.Do(func() error {
		if err := l.SetMask(m); err != nil {
			return err
		}
		several := l.EachStep(func(step int, lost []string) error {
			out, err := p.outputs(l, lost)
			if err == nil {
				f(step, out)
			}
			return err
		})
		if several {
			defer l.EachStep(nil)
		}
		err := l.RunPart(data, 0)
		unwritten, lossy := errors.AsType[*device.UnwrittenError](err)
		switch {
		case err != nil && !lossy:
			return err
		case several:
			return nil
		case !lossy:
			unwritten = &device.UnwrittenError{}
		}
		out, err := p.outputs(l, unwritten.Tensors)
		if err == nil {
			f(0, out)
		}
		return err
	})
}

// outputs copies what has been computed, but for what is lost.
func (p *probe) outputs(l device.Lane, lost []string) ([][]float32, error) {
	out := make([][]float32, len(p.segment.Outputs))
	for i, t := range p.segment.Outputs {
		if t.Type != device.Float32 || slices.Contains(lost, t.Name) {
			continue
		}
		rows, err := l.Rows(t.Name)
		if err != nil {
			return nil, err
		}
		out[i] = append([]float32(nil), rows...)
	}
	return out, nil
}

// FirstNaN names the first tensor, in computing order, that is not a number for a sample, with
// nothing demoted; empty if none is.
func (e *Single) FirstNaN(sample int) (string, error) {
	p, err := e.openProbe()
	if err != nil {
		return "", err
	}
	defer p.Close()
	first := ""
	err = p.sample(e, search.NewMask(e.source.Holders()), sample, func(_ int, name string, row []float32) bool {
		if slices.ContainsFunc(row, func(v float32) bool { return v != v }) {
			first = name
		}
		return first == ""
	})
	return first, err
}

// FirstDifference names the first tensor, in computing order, that two networks both have and that
// differs between them for a sample; this one with a mask, the other as it is. Empty if none does.
func (e *Single) FirstDifference(with Machine, m search.Mask, sample int) (string, error) {
	if shapesOf(with) > 1 {
		return "", nil // samples of other shapes
	}
	other := oneOf(with, sample)
	if other == nil {
		return "", nil // it is on another machine
	}
	return e.differs(other, m, sample)
}

// shapesOf is how many shapes the samples of a machine have.
func shapesOf(of Machine) int {
	switch f := of.(type) {
	case *Members:
		return len(f.shapes)
	case *Shaped:
		return len(f.members)
	}
	return 1
}

// oneOf is the machine of this process that runs a sample of all; nil: there is none.
func oneOf(of Machine, sample int) *Single {
	switch f := of.(type) {
	case *Members:
		if h, is := f.holding(sample)().(*here); is {
			return h.m.one(f.places.of(sample).member)
		}
	case *Shaped:
		return f.members[f.samples[sample].member]
	case *Single:
		return f
	}
	return nil
}

// differs is FirstDifference from a machine of the same shape, by the number of a sample among those of the shape.
func (e *Single) differs(other *Single, m search.Mask, sample int) (string, error) {
	a, err := e.openProbe()
	if err != nil {
		return "", err
	}
	defer a.Close()
	b, err := other.openProbe()
	if err != nil {
		return "", err
	}
	defer b.Close()
	type place struct {
		step int
		name string
	}
	rows := map[place][]float32{}
	if err := b.sample(other, search.NewMask(other.source.Holders()), sample, func(step int, name string, row []float32) bool {
		rows[place{step, name}] = slices.Clone(row)
		return true
	}); err != nil {
		return "", err
	}
	first := ""
	err = a.sample(e, m, sample, func(step int, name string, row []float32) bool {
		if theirs, ok := rows[place{step, name}]; ok && !device.SameBits(row, theirs) {
			first = name
		}
		return first == ""
	})
	return first, err
}

// rowsOf tells whether a tensor of the network has a row for each sample of a block: all of it is one where a block
// is one sample.
func (e *Single) rowsOf(t device.Tensor) bool {
	if e.data.Block == 1 {
		return true
	}
	return t.Axis >= 0 && t.Axis < len(t.Dims) && t.Dims[t.Axis] == int64(e.data.Block)
}

// rowIn is a slot's part of such a tensor.
func (e *Single) rowIn(t device.Tensor, values []float32, slot int) []float32 {
	if e.data.Block == 1 {
		return values
	}
	return device.SampleOf(values, device.PiecesOf(t.Dims, t.Axis), slot, e.data.Block)
}

// sample runs the block that holds a sample and hands the sample's part of every float tensor to f,
// in computing order, step by step, until f returns false.
func (p *probe) sample(e *Single, m search.Mask, sample int, f func(step int, name string, row []float32) bool) error {
	pos := slices.Index(e.data.Order, sample)
	slot, over := pos%e.data.Block, false
	return p.each(m, e.data.Blocks[pos/e.data.Block], func(step int, out [][]float32) {
		for i, t := range p.segment.Outputs {
			if over || !e.rowsOf(t) || out[i] == nil {
				continue
			}
			over = !f(step, t.Name, e.rowIn(t, out[i], slot))
		}
	})
}
