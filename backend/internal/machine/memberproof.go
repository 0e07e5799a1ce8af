package machine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// SelfTest implements Machine: each member's own, and then their bits against each other. A member whose bits are not
// those of the first one is left out, by name: a search has no answer that depends on who runs a block.
func (f *Members) SelfTest() (dep *Dependence, err error) {
	for {
		there := len(f.list)
		deps, err := askAll(f, part.selfTest)
		if err != nil {
			return nil, err
		}
		for _, m := range f.members() {
			if d := deps[m]; d != nil {
				return d, nil
			}
		}
		if err := f.proveBits(); err != nil || len(f.list) == there { // who has come meanwhile has not tested itself
			return nil, err
		}
	}
}

// proveBits leaves out every member whose bits are not those of the first one.
func (f *Members) proveBits() error {
	sums, err := askAll(f, part.digest)
	if err != nil {
		return err
	}
	var first part
	for i, m := range f.list {
		got := sums[m]
		switch {
		case f.Lost(i) != nil || got == nil:
		case first == nil:
			first = m
			f.recruits.prove(m.Name(), pick(f.cells, f.firsts()), got)
		case string(got) != string(sums[first]):
			if err := f.Leave(i, unlike(first.Name(), got, sums[first])); err != nil {
				return err
			}
		}
	}
	return nil
}

// errOtherBits says that a member must not be among the others.
var errOtherBits = errors.New("its bits are not those")

// unlike is errOtherBits of a member that has made one digest of the first block, where another has made another.
func unlike(of string, got, want []byte) error {
	return fmt.Errorf("%w of %s: %x and %x on the first block", errOtherBits, of, got[:min(4, len(got))], want[:min(4, len(want))])
}

// digestOf is a digest that the machines of all shapes make of their first blocks: of the only one as it is, or the
// sha256 over all.
func digestOf(b body, make func(e *Single) ([]byte, error)) ([]byte, error) {
	h := sha256.New()
	for shape := range b.shapes() {
		sum, err := make(b.one(shape))
		if err != nil || b.shapes() == 1 {
			return sum, err
		}
		h.Write(sum)
	}
	return h.Sum(nil), nil
}

// digest is the sha256 of what the first block of all gives: the outputs of the compiled network under masks that are
// drawn, and every tensor of the network under those that try all grids, since a grid hides a changed sum.
func (e *Single) digest() ([]byte, error) {
	h := sha256.New()
	for _, m := range digestMasks(e.source.Holders()) {
		rows, err := e.rows(e.chain.Lanes()[0], m, e.data.Blocks[0])
		if err != nil {
			return nil, err
		}
		hashBits(h, rows)
	}
	p, err := e.openProbe()
	if err != nil {
		return nil, err
	}
	defer p.Close()
	for _, m := range e.probes() {
		err := p.each(m, e.data.Blocks[0], func(_ int, out [][]float32) {
			for i, t := range p.segment.Outputs {
				if t.Type == device.Float32 {
					hashBits(h, out[i])
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return h.Sum(nil), nil
}

// looked is the sha256 of the outputs of the first block under a mask.
func (e *Single) looked(mask search.Mask) ([]byte, error) {
	rows, err := e.rows(e.chain.Lanes()[0], mask, e.data.Blocks[0])
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	hashBits(h, rows)
	return h.Sum(nil), nil
}

// hashBits hashes the bits of values.
func hashBits(h hash.Hash, values []float32) {
	var list [4096]byte
	for part := range slices.Chunk(values, len(list)/4) {
		for i, v := range part {
			binary.LittleEndian.PutUint32(list[4*i:], math.Float32bits(v))
		}
		h.Write(list[:4*len(part)])
	}
}

// Bits implements Machine: those of the first member, and so of all.
func (f *Members) Bits() []byte { return f.first().bits() }

// HiddenNaN implements Machine.
func (f *Members) HiddenNaN(ctx context.Context) (int, error) {
	firsts, err := askAll(f, func(m part) (int, error) { return m.hiddenNaN(ctx) })
	if err != nil {
		return -1, err
	}
	first := -1
	for _, at := range firsts {
		if at >= 0 && (first < 0 || at < first) {
			first = at
		}
	}
	return first, nil
}
