package run

import (
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"demote/crash"
)

// An observedBlock is what a step of a pass gives for one block.
type observedBlock struct {
	first, count, step int
	values             func(tensor string) []float32
}

// show shows the values of some holders in one block, those of each holder in the order of the samples.
func (o *observation) show(pass int, holders []int, b observedBlock) error {
	bad := make([]int, len(holders)) // the first slot with values that are not finite
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for n, i := range holders {
		bad[n] = b.count
		from := o.network.Holders[i].Tensor
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			if o.takes(from) {
				if b.step == 0 {
					err = o.showInput(pass, i, b.first, b.count)
				}
				from = o.inputs[o.isInput[from]].Fed
				if err != nil || from == "" || b.step+1 == stepsOf(o.inputs) { // a state's values are those that steps hand on
					return err
				}
			}
			rows := o.shapes.rows(from, o.block)
			for slot := range b.count {
				if !o.one(pass, i, b.first+slot, rows.of(b.values(from), slot)) {
					bad[n] = min(bad[n], slot)
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil || o.config.AllowNaN || len(bad) == 0 {
		return err
	}
	if n := slices.Index(bad, slices.Min(bad)); bad[n] < b.count {
		return o.refuseNaN(b.first+bad[n], holders[n])
	}
	return nil
}

// one shows a holder one sample, and reports whether all of its values that are not a fill's are finite.
func (o *observation) one(pass, holder, sample int, x []float32) bool {
	observer, w, taken := o.observers[holder], &o.whole[holder], o.fills.take(holder, x)
	if pass == 0 && w.Observer == nil && len(taken) < len(x) {
		w.Observer = observer.Clone()
	}
	if pass == 0 && w.Observer != nil {
		if w.Observe(pass, x); w.NonFinite() > 0 && w.bad < 0 {
			w.bad = sample
		}
	}
	before := observer.NonFinite()
	observer.Observe(pass, taken)
	return observer.NonFinite() == before
}

// showInput shows a network input's samples, which no pass gives.
func (o *observation) showInput(pass, holder, first, count int) error {
	var buffer []float32
	input, shown := o.isInput[o.network.Holders[holder].Tensor], 0
	return observeInput(o.data, input, first, count, &buffer, func(x []float32) {
		o.one(pass, holder, first+shown/max(1, o.data.Steps(input)), x)
		shown++
	})
}

// observeInput hands out a network input's samples, step by step.
func observeInput(data samples, input, first, count int, buffer *[]float32, f func([]float32)) error {
	elems := 1
	for _, d := range data.Shape(input) {
		elems *= int(d)
	}
	if len(*buffer) != elems {
		*buffer = make([]float32, elems)
	}
	for i := range count {
		if err := data.Read(input, first+i, floatBytes(*buffer)); err != nil {
			return fmt.Errorf("calibration sample %d: %w", first+i, err)
		}
		steps := max(1, data.Steps(input))
		for one := elems / steps; steps > 0; steps-- {
			f((*buffer)[elems-steps*one:][:one])
		}
	}
	return nil
}
