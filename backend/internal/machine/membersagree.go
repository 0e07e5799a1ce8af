package machine

import (
	"context"
	"fmt"

	"example.org/demote/backend/bounds"
	"example.org/demote/search"
)

// agreeEvery is Options.Agree where nothing is chosen.
const agreeEvery = 50

// Lease implements bounds.Fleet. In front of each 50th lease of a search all members run the first block under its
// mask, each behind the block at hand. If their outputs do not have the same bits, nothing is leased any more, and Next
// says whose differ.
func (f *Members) Lease(l bounds.Lease) {
	if f.leases++; f.leases%f.every() == 0 && f.differ == nil {
		f.differ = f.agree(l.Mask)
		if tell := f.opts.Compared; tell != nil {
			if err := tell(f.differ == nil); err != nil {
				f.differ = err
			}
		}
	}
	if f.differ == nil {
		f.recruit()
		f.Fleet.Lease(l)
	}
	f.tellStandings(false)
}

// Next implements bounds.Fleet.
func (f *Members) Next(ctx context.Context) (bounds.Answer, error) {
	if err := ctx.Err(); err != nil {
		return bounds.Answer{}, err
	}
	if f.differ != nil {
		return bounds.Answer{}, f.differ
	}
	return f.Fleet.Next(ctx)
}

// every is after how many leases the members are held against each other.
func (f *Members) every() int {
	if f.opts.Agree > 0 {
		return f.opts.Agree
	}
	return agreeEvery
}

// agree is the error that names a member whose bits on the first block are not those of the first member. One that
// cannot run the block shows that in the lease that follows.
func (f *Members) agree(mask search.Mask) error {
	sums, _ := askAll(f, func(m part) ([]byte, error) { return m.look(mask) })
	var first part
	for _, m := range f.list {
		sum := sums[m]
		switch {
		case sum == nil:
		case first == nil:
			first = m
		case string(sum) != string(sums[first]):
			return fmt.Errorf("%s: its bits are not those of %s any more: %x and %x on the first block; what was found while they were the same is kept",
				m.Name(), first.Name(), sum[:4], sums[first][:4])
		}
	}
	return nil
}
