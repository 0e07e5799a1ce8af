package machine

import (
	"context"
	"slices"

	"example.org/demote/search"
)

// WatchNaN has the FakeQuant nodes look for NaN in what they are given, or no longer; then it says whether
// there was any since.
func (e *Single) WatchNaN(on bool) (seen bool, err error) {
	for _, l := range e.chain.Lanes() {
		err = l.Do(func() error {
			here, err := l.WatchNaN(on)
			seen = seen || here
			return err
		})
		if err != nil {
			return false, err
		}
	}
	return seen, nil
}

// HiddenNaN is the first sample, in the order of the data, for which some tensor of the network
// without demotions is NaN, or -1. FakeQuant turns NaN into its lowest code, so the outputs may not
// show it.
func (e *Single) HiddenNaN(ctx context.Context) (int, error) {
	p, err := e.openProbe()
	if err != nil {
		return -1, err
	}
	defer p.Close()
	first := -1
	none := search.NewMask(e.source.Holders())
	for b := range e.data.Blocks {
		if err := ctx.Err(); err != nil {
			return -1, err
		}
		err := p.each(none, e.data.Blocks[b], func(_ int, out [][]float32) {
			for slot, sample := range e.data.SamplesOf(b) {
				if (first < 0 || sample < first) && e.anyNaN(p, out, slot) {
					first = sample
				}
			}
		})
		if err != nil {
			return -1, err
		}
	}
	return first, nil
}

// anyNaN tells whether a slot's part of some tensor has NaN.
func (e *Single) anyNaN(p *probe, out [][]float32, slot int) bool {
	for i, t := range p.segment.Outputs {
		if !e.rowsOf(t) || out[i] == nil {
			continue
		}
		if slices.ContainsFunc(e.rowIn(t, out[i], slot), func(v float32) bool { return v != v }) {
			return true
		}
	}
	return false
}
