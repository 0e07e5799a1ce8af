package run

import (
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"demote/crash"
)

// show shows the values of some holders in one block, those of each holder in the order of the samples.
func (o *observation) show(pass int, holders []int, first, count int, values func(tensor string) []float32) error {
	bad := make([]int, len(holders)) // the first slot with values that are not finite
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for n, i := range holders {
		bad[n] = count
		tensor := o.network.Holders[i].Tensor
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			if o.takes(tensor) {
				return o.showInput(pass, i, first, count)
			}
			rows := o.shapes.rows(tensor, o.block)
			for slot := range count {
				if !o.one(pass, i, first+slot, rows.of(values(tensor), slot)) {
					bad[n] = min(bad[n], slot)
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil || o.config.AllowNaN || len(bad) == 0 {
		return err
	}
	if n := slices.Index(bad, slices.Min(bad)); bad[n] < count {
		return o.refuseNaN(first+bad[n], holders[n])
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
	sample := first
	return observeInput(o.data, o.isInput[o.network.Holders[holder].Tensor], first, count, &buffer, func(x []float32) {
		o.one(pass, holder, sample, x)
		sample++
	})
}

// observeInput hands out a network input's samples.
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
		f(*buffer)
	}
	return nil
}
