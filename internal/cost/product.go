package cost

import (
	"slices"

	"example.org/demote/internal/constraint"
	"example.org/demote/search"
)

// A product is a node whose inputs are several holders: what it costs does not add up over them, since a side is as
// wide as its widest activation, and a multiply-accumulate takes both sides' widths.
type product struct {
	sides  [2][]int // holders: activations, and on the other side activations, searched weights or none
	macs   float64  // multiply-accumulates, for one sample
	weight int      // bits of weights that are not searched, where the other side has no holders
	both   bool     // both sides are activations
}

// of is what the product costs with its holders at these widths.
func (p product) of(m constraint.Multipliers, width func(holder int) int) float64 {
	wide := [2]int{0, p.weight}
	for i, side := range p.sides {
		for _, h := range side {
			wide[i] = max(wide[i], width(h))
		}
	}
	return p.macs * m.Bits(wide[0], wide[1], p.both)
}

// products are the nodes of a network whose costs do not add up, and the widths of its holders.
type products struct {
	list      []product
	by        constraint.Multipliers
	low, high []int // bits, by holder
}

// of is what all of them cost in a mix.
func (p *products) of(m search.Mask) (cost float64) {
	for _, one := range p.list {
		cost += one.of(p.by, func(h int) int {
			if m.Low(h) {
				return p.low[h]
			}
			return p.high[h]
		})
	}
	return cost
}

// ends are what they cost with everything low, and with everything high.
func (p *products) ends() (low, high float64) {
	for _, one := range p.list {
		low += one.of(p.by, func(h int) int { return p.low[h] })
		high += one.of(p.by, func(h int) int { return p.high[h] })
	}
	return low, high
}

// shares adds to each holder the most that demoting it can bring around it. The holders of a side have equal parts of
// what demoting that side alone brings, and all of a product have equal parts of what demoting both brings beyond that.
// So the shares of a mix's demoted holders are never less than what the mix saves.
func (p *products) shares(saves []float64) {
	for _, one := range p.list {
		part := func(low func(h int) bool) float64 {
			return one.of(p.by, func(h int) int { return p.high[h] }) - one.of(p.by, func(h int) int {
				if low(h) {
					return p.low[h]
				}
				return p.high[h]
			})
		}
		sides := one.sides[:]
		if slices.Equal(sides[0], sides[1]) { // parts of one activation, such as q and k, and no more than it
			sides = sides[:1]
		}
		rest := part(func(int) bool { return true })
		for _, side := range sides {
			alone := part(func(h int) bool { return slices.Contains(side, h) })
			for _, h := range side {
				saves[h] += alone / float64(len(side))
			}
			if len(side) > 0 {
				rest -= alone
			}
		}
		all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(one.sides[0], one.sides[1]))))
		for _, h := range all {
			saves[h] += max(rest, 0) / float64(len(all))
		}
	}
}
