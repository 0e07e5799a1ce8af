package cost

import "example.org/demote/search"

// A product is a node whose inputs are several holders: what it costs does not add up over them, since hardware runs a
// layer at the wider of its activations, and a multiply-accumulate takes the product of both sides' widths.
type product struct {
	holders []int   // of activations, that its inputs come from
	macs    float64 // multiply-accumulates, for one sample
	weight  float64 // bits of the weights on the other side; 0: that side is an activation as well
	weights int     // holder of the weights on the other side, whose width counts then; -1: they are not searched
}

// of is what the product costs with its holders at these widths.
func (p product) of(width func(holder int) int) float64 {
	wide := 0
	for _, h := range p.holders {
		wide = max(wide, width(h))
	}
	if p.weights >= 0 {
		return p.macs * float64(wide) * float64(width(p.weights))
	}
	if p.weight > 0 {
		return p.macs * float64(wide) * p.weight
	}
	return p.macs * float64(wide) * float64(wide)
}

// products are the nodes of a network whose costs do not add up, and the widths of its holders.
type products struct {
	list      []product
	low, high []int // bits, by holder
}

// of is what all of them cost in a mix.
func (p *products) of(m search.Mask) (cost float64) {
	for _, one := range p.list {
		cost += one.of(func(h int) int {
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
		low += one.of(func(h int) int { return p.low[h] })
		high += one.of(func(h int) int { return p.high[h] })
	}
	return low, high
}

// shares adds to each holder the most that demoting it can bring around it. Activations have equal parts of what
// demoting all of a product brings, and weights what demoting them brings beside activations that stay high. So the
// shares of a mix's demoted holders are never less than what the mix saves.
func (p *products) shares(saves []float64) {
	high := func(h int) int { return p.high[h] }
	for _, one := range p.list {
		part := func(low func(h int) bool) float64 {
			return one.of(high) - one.of(func(h int) int {
				if low(h) {
					return p.low[h]
				}
				return p.high[h]
			})
		}
		saved := part(func(h int) bool { return h != one.weights })
		for _, h := range one.holders {
			saves[h] += saved / float64(len(one.holders))
		}
		if one.weights >= 0 {
			saves[one.weights] += part(func(h int) bool { return h == one.weights })
		}
	}
}
