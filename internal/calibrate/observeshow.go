package calibrate

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"example.org/demote/backend"
	"example.org/demote/crash"
	"example.org/demote/internal/blocks"
)

// An observedBlock is what a step of a pass gives for one block.
type observedBlock struct {
	first, count, step int
	values             func(tensor string) []float32
}

// show shows the values of some holders in one block, those of each holder in the order of the samples, and one after
// another those of holders that share an observer.
func (o *observation) show(pass int, holders []int, b observedBlock) error {
	sharing := map[int][]int{}
	for _, i := range holders {
		sharing[o.leads[i]] = append(sharing[o.leads[i]], i)
	}
	bad := make([]int, len(o.Network.Holders)) // by holder: the first slot with values that are not finite
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for _, list := range sharing {
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			for _, i := range list {
				if bad[i], err = o.showHolder(pass, i, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil || o.how.AllowNaN || len(holders) == 0 {
		return err
	}
	first := slices.MinFunc(holders, func(a, b int) int { return cmp.Compare(bad[a], bad[b]) })
	if bad[first] < b.count {
		return o.refuseNaN(o.data.Number(b.first+bad[first]), first)
	}
	return nil
}

// showHolder shows a holder's values in one block, and returns the first slot with some that are not finite; b.count:
// none.
func (o *observation) showHolder(pass, holder int, b observedBlock) (bad int, err error) {
	from := o.Network.Holders[holder].Tensor
	if o.takes(from) {
		if b.step == 0 {
			err = o.showInput(pass, holder, b.first, b.count)
		}
		from = o.Inputs[o.isInput[from]].Fed
		// a state's values are those that steps hand on
		if err != nil || from == "" || b.step+1 == backend.StepsOf(o.Inputs) {
			return b.count, err
		}
	}
	bad = b.count
	rows := o.shapes.Rows(from, o.Block)
	for slot := range b.count {
		if !o.one(pass, holder, b.first+slot, rows.Of(b.values(from), slot)) {
			bad = min(bad, slot)
		}
	}
	return bad, nil
}

// one shows a holder one sample, and reports whether all of its values that are not a fill's are finite.
func (o *observation) one(pass, holder, sample int, x []float32) bool {
	observer, w, taken := o.Observers[holder], &o.whole[o.leads[holder]], o.fills.take(holder, x)
	if pass == 0 && w.Observer == nil && len(taken) < len(x) {
		w.Observer = observer.Clone()
	}
	if pass == 0 && w.Observer != nil {
		if w.Observe(pass, x); w.NonFinite() > 0 && w.bad < 0 {
			w.bad = o.data.Number(sample)
		}
	}
	before := observer.NonFinite()
	observer.Observe(pass, taken)
	return observer.NonFinite() == before
}

// showInput shows a network input's samples, which no pass gives.
func (o *observation) showInput(pass, holder, first, count int) error {
	var buffer []float32
	input, shown := o.isInput[o.Network.Holders[holder].Tensor], 0
	return observeInput(o.data, input, first, count, &buffer, func(x []float32) {
		o.one(pass, holder, first+shown/max(1, o.data.Steps(input)), x)
		shown++
	})
}

// observeInput hands out a network input's samples, step by step.
func observeInput(data blocks.Samples, input, first, count int, buffer *[]float32, f func([]float32)) error {
	elems := 1
	for _, d := range data.Shape(input) {
		elems *= int(d)
	}
	if len(*buffer) != elems {
		*buffer = make([]float32, elems)
	}
	for i := range count {
		if err := data.Read(input, first+i, blocks.BytesOf(*buffer)); err != nil {
			return fmt.Errorf("calibration sample %d: %w", first+i, err)
		}
		steps := max(1, data.Steps(input))
		for one := elems / steps; steps > 0; steps-- {
			f((*buffer)[elems-steps*one:][:one])
		}
	}
	return nil
}
