package quant

// Counts is a histogram of the values that an observer has seen, for people to look at: bins of one width from Low to
// High, and in each the number of its values. A value at a bin's edge, and the zeros, lie in the bin above it, but for
// those at High.
type Counts struct {
	Low, High float64
	Bins      []uint64
}

// Counts returns a histogram of so many bins, from the lowest to the highest value; false if the observer has kept none
// (see Method), or nothing but one value. It is made of finer bins, each of which counts where its middle lies.
func (o *Observer) Counts(n int) (Counts, bool) {
	if o.hist == nil || !(o.high > o.low) || n < 1 {
		return Counts{}, false
	}
	c := Counts{Low: float64(o.low), High: float64(o.high), Bins: make([]uint64, n)}
	add := func(v float64, count uint64) {
		at := int((v - c.Low) / (c.High - c.Low) * float64(n))
		c.Bins[min(max(at, 0), n-1)] += count
	}
	for i, count := range o.hist.counts[:2*bins] {
		if count > 0 {
			add((float64(i-bins)+0.5)*o.hist.width(), count)
		}
	}
	add(0, o.hist.counts[2*bins])
	return c, true
}
