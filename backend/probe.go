package backend

import (
	"errors"
	"slices"

	"demote/cgo"
	"demote/search"
)

// probe is the network with every tensor as an output, for naming the first that is wrong.
type probe struct {
	stretch *Stretch
	compiled
}

// openProbe compiles the probe. Its tensors take the memory of a block's whole network, so it is
// opened only when something is to be named.
func (e *Evaluator) openProbe() (*probe, error) {
	s, err := e.source.Probe()
	if err != nil {
		return nil, err
	}
	c, err := e.device.compile([]*Stretch{s}, e.inputs, 1)
	if err != nil {
		return nil, err
	}
	return &probe{stretch: s, compiled: c}, nil
}

// run returns copies of all float outputs, by output; nil for the others, and for those that the runtime does not write.
func (p *probe) run(m search.Mask, data block) (out [][]float32, err error) {
	l := p.lanes()[0]
	err = l.do(func() error {
		out, err = p.runOn(l, m, data)
		return err
	})
	return out, err
}

func (p *probe) runOn(l lane, m search.Mask, data block) ([][]float32, error) {
	if err := l.setMask(m); err != nil {
		return nil, err
	}
	var lost []string
	if err := l.runPart(data, 0); err != nil {
		unwritten, ok := errors.AsType[*UnwrittenError](err)
		if !ok {
			return nil, err
		}
		lost = unwritten.Tensors
	}
	out := make([][]float32, len(p.stretch.Outputs))
	for i, t := range p.stretch.Outputs {
		if t.Type != cgo.Float32 || slices.Contains(lost, t.Name) {
			continue
		}
		rows, err := l.rows(t.Name)
		if err != nil {
			return nil, err
		}
		out[i] = append([]float32(nil), rows...)
	}
	return out, nil
}

// FirstNaN names the first tensor, in computing order, that is not a number for a sample, with
// nothing demoted; empty if none is.
func (e *Evaluator) FirstNaN(sample int) (string, error) {
	p, err := e.openProbe()
	if err != nil {
		return "", err
	}
	defer p.Close()
	first := ""
	err = p.sample(e, search.NewMask(e.source.Holders()), sample, func(name string, row []float32) bool {
		if slices.ContainsFunc(row, func(v float32) bool { return v != v }) {
			first = name
		}
		return first == ""
	})
	return first, err
}

// FirstDifference names the first tensor, in computing order, that two networks both have and that
// differs between them for a sample; this one with a mask, the other as it is. Empty if none does.
func (e *Evaluator) FirstDifference(other *Evaluator, m search.Mask, sample int) (string, error) {
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
	rows := map[string][]float32{}
	if err := b.sample(other, search.NewMask(other.source.Holders()), sample, func(name string, row []float32) bool {
		rows[name] = row
		return true
	}); err != nil {
		return "", err
	}
	first := ""
	err = a.sample(e, m, sample, func(name string, row []float32) bool {
		if theirs, ok := rows[name]; ok && !sameBits(row, theirs) {
			first = name
		}
		return first == ""
	})
	return first, err
}

// rowsOf tells whether a tensor of the network has a row for each sample of a block: all of it is one where a block is one sample.
func (e *Evaluator) rowsOf(t Tensor) bool {
	if e.data.block == 1 {
		return true
	}
	return len(t.Dims) > 0 && t.Dims[0] == int64(e.data.block)
}

// sample runs the block that holds a sample and hands the sample's part of every float tensor to f,
// in computing order, until f returns false.
func (p *probe) sample(e *Evaluator, m search.Mask, sample int, f func(name string, row []float32) bool) error {
	pos := slices.Index(e.data.order, sample)
	out, err := p.run(m, e.data.blocks[pos/e.data.block])
	if err != nil {
		return err
	}
	slot := pos % e.data.block
	for i, t := range p.stretch.Outputs {
		if !e.rowsOf(t) || out[i] == nil {
			continue
		}
		size := t.elems() / e.data.block
		if !f(t.Name, out[i][slot*size:(slot+1)*size]) {
			return nil
		}
	}
	return nil
}
