package backend

import (
	"slices"

	"example.org/demote/search"
)

// proveWhole runs the first block in one piece under the probing masks and returns its outputs, and the seconds that it takes: the
// least of a few runs, on all lanes at once.
func (e *Evaluator) proveWhole() ([][]float32, float64, error) {
	outputs, err := e.signature()
	if err != nil {
		return nil, 0, err
	}
	lanes, runs := e.chain.lanes(), e.measureRuns()
	if e.opts.Patient { // so often on each of them
		runs *= len(lanes)
	}
	least := make([]float64, len(lanes))
	err = onLanes(lanes, func(at int, l lane) error {
		return l.do(func() error {
			for r := at; r < max(runs, len(lanes)); r += len(lanes) {
				took, err := timePart(l, e.data.blocks[0], 0)
				if err != nil {
					return err
				}
				if r == at || took < least[at] {
					least[at] = took
				}
			}
			return nil
		})
	})
	return outputs, slices.Min(least), err
}

// signature is the outputs of the first block under the probing masks, which all lanes share.
func (e *Evaluator) signature() ([][]float32, error) {
	lanes, masks := e.chain.lanes(), e.probes()
	out := make([][]float32, len(masks))
	return out, onLanes(lanes, func(at int, l lane) (err error) {
		for i := at; i < len(masks) && err == nil; i += len(lanes) {
			out[i], err = e.rows(l, masks[i], e.data.blocks[0])
		}
		return err
	})
}

// agrees says whether the chain gives the outputs of a signature, from the start and from every cut at which it is entered.
func (e *Evaluator) agrees(want [][]float32) (bool, error) {
	if !e.chain.through {
		got, err := e.signature()
		return err == nil && slices.EqualFunc(want, got, sameBits), err
	}
	lanes, masks := e.chain.lanes(), e.probes()
	same := make([]bool, len(masks))
	err := onLanes(lanes, func(at int, l lane) (err error) {
		for i := at; i < len(masks) && err == nil; i += len(lanes) {
			same[i], err = e.entriesAgree(l, masks[i], want[i])
		}
		return err
	})
	return err == nil && !slices.Contains(same, false), err
}

// entriesAgree runs the first block under a mask from the start and then from every cut, and says whether all of them give the
// same outputs and leave the same codes at all cuts behind.
func (e *Evaluator) entriesAgree(l lane, m search.Mask, want []float32) (bool, error) {
	s := newStore(e.device, e.can.Compares, e.chain, e.StoredAt(), 1, m)
	defer s.Close()
	p := &passage{rooms: make([]room, len(s.tensors))}
	same := true
	err := l.do(func() error {
		if err := l.setMask(m); err != nil {
			return err
		}
		for part := range e.chain.parts {
			// The first run makes the base's codes, the others draft those of a trial with a change in the part.
			j := job{mask: m, first: len(e.chain.parts), trial: uint64(part + 1)}
			if part > 0 {
				if j.first = part; s.at(0, part) != part {
					continue // without memory it is not entered there
				}
			}
			err := s.enter(l, j, part, p)
			if err == nil {
				err = l.runPart(e.data.blocks[0], part)
			}
			s.left(l, j, p, err == nil)
			if err != nil {
				return err
			}
			rows, err := outputRows(l, e.judge)
			if err != nil {
				return err
			}
			same = same && sameBits(want, rows)
			for _, t := range s.tensors {
				if sl := &t.slots[0]; sl.valid && sl.owner == j.trial {
					same = same && l.same(sl.base, sl.draft)
				}
			}
		}
		return nil
	})
	return same, err
}
