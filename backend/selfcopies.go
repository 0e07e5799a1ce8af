package backend

import (
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
)

// A copied is a block with one sample in every slot, and where that sample lies among others.
type copied struct {
	device.Block // of copies
	among, slot  int
}

// mostCopied is how many samples the self-test runs among copies of themselves.
const mostCopied = 4

// copies are blocks of one sample each: of the first and of a middle block, at both of their ends. A block that is made of one
// sample and its padding shows nothing, and of blocks of one sample there is nothing to be seen.
func (e *Evaluator) copies() (list []copied, err error) {
	if e.opts.Block == 1 {
		return nil, nil
	}
	seen := map[int]bool{}
	for _, b := range []int{e.data.Len() / 2, 0} {
		samples := e.data.SamplesOf(b)
		for _, slot := range []int{0, len(samples) - 1} {
			if len(samples) == 1 || seen[samples[slot]] || len(list) == mostCopied {
				continue
			}
			seen[samples[slot]] = true
			c := copied{among: b, slot: slot}
			if c.Block, err = store.LoadBlock(e.device, e.from, e.inputs, e.opts.Block, samples[slot:slot+1]); err != nil {
				return list, err
			}
			list = append(list, c)
		}
	}
	return list, nil
}

func closeCopies(list []copied) {
	for _, c := range list {
		c.Close()
	}
}
