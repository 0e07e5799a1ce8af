package backend

import (
	"slices"

	"demote/cgo"
	"demote/search"
)

// probe is the network with every tensor as an output, for naming the first that is wrong.
type probe struct {
	stretch *Stretch
	part    *part
	worker  *worker
}

// openProbe compiles the probe. Its tensors take the memory of a block's whole network, so it is
// opened only when something is to be named.
func (e *Evaluator) openProbe() (*probe, error) {
	s, err := e.source.Probe()
	if err != nil {
		return nil, err
	}
	session, err := cgo.NewSession(s.Model, sessionOptions(e.opts))
	if err != nil {
		return nil, err
	}
	p := &probe{stretch: s, part: &part{Stretch: s, session: session}}
	if p.worker, err = newWorker([]*part{p.part}, e.inputs, e.source.Holders()); err != nil {
		session.Close()
		return nil, err
	}
	return p, nil
}

// run returns copies of all float outputs, by output; nil for the others.
func (p *probe) run(m search.Mask, data []*cgo.Tensor) ([][]float32, error) {
	p.worker.setMask(m)
	if err := p.worker.run(data, 0); err != nil {
		return nil, err
	}
	out := make([][]float32, len(p.stretch.Outputs))
	for i, t := range p.stretch.Outputs {
		if t.Type == cgo.Float32 {
			out[i] = append([]float32(nil), p.worker.buffers[t.Name].Float32s()...)
		}
	}
	return out, nil
}

// Close gives the session back.
func (p *probe) Close() {
	p.worker.Close()
	p.part.session.Close()
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
		if len(t.Dims) == 0 || t.Dims[0] != int64(e.data.block) || out[i] == nil {
			continue
		}
		size := t.elems() / e.data.block
		if !f(t.Name, out[i][slot*size:(slot+1)*size]) {
			return nil
		}
	}
	return nil
}
