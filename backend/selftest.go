package backend

import (
	"fmt"
	"math"

	"demote/cgo"
	"demote/search"
)

// A Dependence is what the self-test found: a result that is not a function of mask and sample
// alone.
type Dependence struct {
	On       string // what it depends on: "a repeated run", "slot and neighbours", "the worker", "the cuts"
	Tensor   string // the first tensor that shows it
	Repeated bool   // not even the same run gives the same bits
}

// Error says what the output depends on, in one line.
func (d *Dependence) Error() string {
	if d.Tensor == "" {
		return "the network's output depends on " + d.On
	}
	return fmt.Sprintf("the network's output depends on %s, from %s on", d.On, d.Tensor)
}

// SelfTest proves on the loaded network that a trial is a function of mask and sample: the same
// block run twice, the same samples in other slots with other neighbours, and every worker give
// the same bits, for no demotion, for all, and for every other holder. It returns what breaks the
// rule, or nil.
func (e *Evaluator) SelfTest() (*Dependence, error) {
	n := e.source.Holders()
	masks := []search.Mask{search.NewMask(n), search.NewMask(n), search.NewMask(n)}
	for i := range n {
		masks[1].Demote(i)
		if i%2 == 0 {
			masks[2].Demote(i)
		}
	}
	shuffled, from, err := e.shuffledBlock()
	if err != nil {
		return nil, err
	}
	defer closeAll(shuffled)
	w := e.chain.workers[0]
	for _, m := range masks {
		first, err := e.rows(w, m, e.data.blocks[0])
		if err != nil {
			return nil, err
		}
		again, err := e.rows(w, m, e.data.blocks[0])
		if err != nil {
			return nil, err
		}
		if !sameBits(first, again) {
			return e.locate("a repeated run", m, shuffled, from)
		}
		other, err := e.rows(w, m, shuffled)
		if err != nil {
			return nil, err
		}
		for slot, src := range from {
			if src >= 0 && !sameBits(other[slot*e.judge.row:(slot+1)*e.judge.row], first[src*e.judge.row:(src+1)*e.judge.row]) {
				return e.locate("slot and neighbours", m, shuffled, from)
			}
		}
		for _, o := range e.chain.workers[1:] {
			got, err := e.rows(o, m, e.data.blocks[0])
			if err != nil {
				return nil, err
			}
			if !sameBits(first, got) {
				return &Dependence{On: "the worker"}, nil
			}
		}
		if m.Len() == 0 {
			break
		}
	}
	return nil, nil
}

// rows runs one block from the start and copies its outputs.
func (e *Evaluator) rows(w *worker, m search.Mask, data []*cgo.Tensor) ([]float32, error) {
	w.setMask(m)
	if err := w.run(data, 0); err != nil {
		return nil, err
	}
	return append([]float32(nil), w.buffers[e.output].Float32s()...), nil
}

// shuffledBlock holds the first block's samples in other slots; every third slot has a sample of
// the last block instead. from says which slot of the first block a slot's sample is from; -1: of
// another block.
func (e *Evaluator) shuffledBlock() (data []*cgo.Tensor, from []int, err error) {
	block := e.opts.Block
	last := e.data.blocks[len(e.data.blocks)-1]
	for i, in := range e.inputs {
		t, err := cgo.NewTensor(in.Type, in.Dims...)
		if err != nil {
			closeAll(data)
			return nil, nil, err
		}
		data = append(data, t)
		size := in.sampleBytes(block)
		from = from[:0]
		for slot := range block {
			src := block - 1 - slot
			from = append(from, src)
			bytes := e.data.blocks[0][i].Bytes()
			if slot%3 == 1 && len(e.data.blocks) > 1 {
				bytes, from[slot] = last[i].Bytes(), -1
			}
			copy(t.Bytes()[slot*size:(slot+1)*size], bytes[src*size:(src+1)*size])
		}
	}
	return data, from, nil
}

// locate names the first tensor that shows a dependence, by running the network with all its
// tensors as outputs.
func (e *Evaluator) locate(on string, m search.Mask, shuffled []*cgo.Tensor, from []int) (*Dependence, error) {
	d := &Dependence{On: on, Repeated: on == "a repeated run"}
	p, err := e.openProbe()
	if err != nil {
		return d, nil // the dependence itself is what matters
	}
	defer p.Close()
	first, err := p.run(m, e.data.blocks[0])
	if err != nil {
		return d, nil
	}
	var other [][]float32
	if on == "a repeated run" {
		from = nil
		other, err = p.run(m, e.data.blocks[0])
	} else {
		other, err = p.run(m, shuffled)
	}
	if err != nil {
		return d, nil
	}
	for i, t := range p.stretch.Outputs {
		if t.Type != cgo.Float32 || len(t.Dims) == 0 || t.Dims[0] != int64(e.opts.Block) {
			continue
		}
		size := t.elems() / e.opts.Block
		for slot := range e.opts.Block {
			src := slot
			if from != nil {
				if src = from[slot]; src < 0 {
					continue
				}
			}
			if !sameBits(other[i][slot*size:(slot+1)*size], first[i][src*size:(src+1)*size]) {
				d.Tensor = t.Name
				return d, nil
			}
		}
	}
	return d, nil
}

func sameBits(a, b []float32) bool {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return true
}

func closeAll(list []*cgo.Tensor) {
	for _, t := range list {
		t.Close()
	}
}
