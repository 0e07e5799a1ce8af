package machine

import (
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
	"example.org/demote/search"
)

// proveWhole runs the first block in one piece under the probing masks and returns its outputs, and the seconds that
// it takes: the least of a few runs, on all lanes at once.
func (e *Single) proveWhole() ([][]float32, float64, error) {
	outputs, err := e.signature()
	if err != nil {
		return nil, 0, err
	}
	lanes, runs := e.chain.Lanes(), e.measureRuns()
	if e.opts.Patient { // so often on each of them
		runs *= len(lanes)
	}
	least, timed := make([]float64, len(lanes)), store.TimerOf(e.can.Queue)
	err = device.OnLanes(lanes, func(at int, l device.Lane) error {
		return l.Do(func() error {
			for r := at; r < max(runs, len(lanes)); r += len(lanes) {
				took, err := timed(l, e.data.Blocks[0], 0)
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
func (e *Single) signature() ([][]float32, error) {
	lanes, masks := e.chain.Lanes(), e.probes()
	out := make([][]float32, len(masks))
	return out, device.OnLanes(lanes, func(at int, l device.Lane) (err error) {
		for i := at; i < len(masks) && err == nil; i += len(lanes) {
			out[i], err = e.rows(l, masks[i], e.data.Blocks[0])
		}
		return err
	})
}

// agrees says whether the chain gives the outputs of a signature, from the start and from every cut at which it is
// entered.
func (e *Single) agrees(want [][]float32) (bool, error) {
	if !e.chain.Through {
		got, err := e.signature()
		return err == nil && slices.EqualFunc(want, got, device.SameBits), err
	}
	lanes, masks := e.chain.Lanes(), e.probes()
	same := make([]bool, len(masks))
	err := device.OnLanes(lanes, func(at int, l device.Lane) (err error) {
		for i := at; i < len(masks) && err == nil; i += len(lanes) {
			same[i], err = e.entriesAgree(l, masks[i], want[i])
		}
		return err
	})
	return err == nil && !slices.Contains(same, false), err
}

// entriesAgree runs the first block under a mask from the start and then from every cut, and says whether all of them
// give the same outputs and leave the same codes at all cuts behind.
func (e *Single) entriesAgree(l device.Lane, m search.Mask, want []float32) (bool, error) {
	s := store.New(e.device, e.can.Compares, e.chain, e.StoredAt(), 1, m)
	defer s.Close()
	p := &store.SegmentIO{}
	same := true
	err := l.Do(func() error {
		if err := l.SetMask(m); err != nil {
			return err
		}
		for part := range e.chain.Parts {
			// The first run makes the base's codes, the others draft those of a trial with a change in the part.
			j := store.Job{Mask: m, First: len(e.chain.Parts), Trial: uint64(part + 1)}
			if part > 0 {
				if j.First = part; s.At(0, part) != part {
					continue // without memory it is not entered there
				}
			}
			err := s.Enter(l, j, part, p)
			if err == nil {
				err = l.RunPart(e.data.Blocks[0], part)
			}
			s.Left(l, j, p, err == nil)
			if err != nil {
				return err
			}
			rows, err := device.OutputRows(l, e.judge)
			if err != nil {
				return err
			}
			same = same && device.SameBits(want, rows)
			same = same && s.Agrees(l, 0, j.Trial)
		}
		return nil
	})
	return same, err
}
