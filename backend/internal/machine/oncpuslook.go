package machine

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// lookAgain holds CPUs of workers against this machine's once more, in front of a pass over all samples and under its
// mask: each on a block of its own, which is drawn, since at first all were held on the first block of each shape. No
// more blocks are run here than one of the workers has; who is looked at is drawn, too. One with other bits is left
// out.
func (f *Members) lookAgain(ctx context.Context, mask search.Mask) error {
	var chosen []int
	firsts := f.firsts()
	workers := f.list[:f.Reserve]
	for _, i := range rand.Perm(len(workers)) {
		own := slices.DeleteFunc(f.BlocksOf(i), func(b int) bool { return slices.Contains(firsts, b) })
		if f.Lost(i) == nil && len(own) > 0 && len(chosen) < max(1, f.blocks()/len(workers)) {
			chosen = append(chosen, own[rand.IntN(len(own))])
		}
	}
	if len(chosen) == 0 {
		return nil
	}
	slices.Sort(chosen)
	theirs, err := f.rowsOf(ctx, mask, chosen)
	if err != nil {
		return err
	}
	ours, err := f.rowsHere(mask, chosen)
	if err != nil {
		return err
	}
	for _, b := range slices.Sorted(maps.Keys(theirs)) {
		if i := f.Owner(b); i != f.Reserve && !device.SameBits(theirs[b], ours[b]) {
			if err := f.Leave(i, fmt.Errorf("%w of this machine's CPU, on block %d", errOtherBits, b)); err != nil {
				return err
			}
		}
	}
	return nil
}

// rowsHere are the outputs of some blocks as this machine's CPU computes them, by block, without the padding.
func (f *Members) rowsHere(mask search.Mask, blocks []int) (map[int][]float32, error) {
	h := f.reserve
	if err := h.Hold(blocks); err != nil {
		return nil, err
	}
	rows := make(map[int][]float32, len(blocks))
	err := h.do(func() error {
		for _, b := range blocks {
			one, data := h.m.resident(b)
			all, err := one.rows(one.chain.Lanes()[0], mask, data)
			if err != nil {
				return err
			}
			rows[b] = all[:len(f.samplesOf(b))*f.judgeOf(b).Length()]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, h.Hold(f.BlocksOf(f.Reserve))
}
