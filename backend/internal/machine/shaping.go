package machine

import (
	"fmt"
	"slices"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/quant"
)

// A shaping is what Members know of the samples of one shape, and of the network that takes them.
type shaping struct {
	from   device.Samples
	of     []int // the number of each of its samples among all; nil: its own, since all samples have one shape
	inputs []device.Tensor
	opts   Options // of a machine of the shape
	judge  *metric.Scorer
	blocks []int     // of the layout of all, in which its samples lie
	far    *distance // nil until Apart is asked
	cost   float64   // of a pass of one of its samples, where it is 1 on average over all samples
	// of members elsewhere: what a block's outputs are compared with; nil: that of all samples is in the plan
	truthOf *link.Sizes
}

// cell is a block of the layout of all members.
type cell struct {
	shape   int
	samples []int // in the order of the slots, by number among all
	own     []int // the same, by number among those of the shape
}

// A layout says what lies in the blocks of all members.
type layout interface {
	cellOf(block int) cell
	// firsts are the first block of each shape, which lie on every member.
	firsts() []int
	// loss is what a block has lost of a score that counts; 0 of others.
	loss(block int, g bounds.Gain) int
}

// several says whether a list of shapes is that of samples with shapes of their own.
func several(list []Shape) bool { return list[0].Of != nil }

// total is the number of samples of all shapes.
func total(list []Shape) (n int) {
	for _, s := range list {
		n += s.Samples.Len()
	}
	return n
}

// onShape are the options of the machine of each shape.
func onShape(list []Shape, o Options) []Options {
	if !several(list) {
		return []Options{o}
	}
	own, n := make([]Options, len(list)), total(list)
	for i, s := range list {
		own[i] = o.of(s, n)
	}
	return own
}

// places say which shape each sample has, and which of the shape's it is; nil: all samples have one.
type places []place

// of is the place of a sample.
func (p places) of(sample int) place {
	if p == nil {
		return place{0, sample}
	}
	return p[sample]
}

// placesOf are those of the samples of all shapes.
func placesOf(list []Shape) places {
	if !several(list) {
		return nil
	}
	all := make(places, total(list))
	for at, s := range list {
		for i, n := range s.Of {
			all[n] = place{at, i}
		}
	}
	return all
}

// shape has members of these shapes. The judges are not known before a machine has read the outputs.
func (f *Members) shape(list []Shape, o Options) {
	f.samples, f.places = total(list), placesOf(list)
	for i, own := range onShape(list, o) {
		f.shapes = append(f.shapes, &shaping{from: list[i].Samples, of: list[i].Of, inputs: list[i].Source.Inputs(), opts: own})
	}
	f.guessCosts()
}

// guessCosts has a pass of a sample take as long as it has bytes, before it is known better.
func (f *Members) guessCosts() {
	costs := make([]float64, len(f.shapes))
	for i, s := range f.shapes {
		for _, in := range s.inputs {
			costs[i] += float64(in.SampleBytes(s.opts.Block))
		}
	}
	f.weigh(costs)
}

// weigh has a pass of a sample of each shape take so long.
func (f *Members) weigh(costs []float64) {
	all := 0.0
	for i, s := range f.shapes {
		all += costs[i] * float64(s.from.Len())
	}
	for i, s := range f.shapes {
		if s.cost = 1; all > 0 && costs[i] > 0 {
			s.cost = costs[i] * float64(f.samples) / all
		}
	}
}

// measured has what a plan has measured of blocks of each shape decide about the dealing from the next layout on.
func (f *Members) measured(p Plan) {
	if len(p.Wholes) != len(f.shapes) {
		return
	}
	costs := make([]float64, len(f.shapes))
	for i, s := range f.shapes {
		costs[i] = p.Wholes[i] / float64(s.opts.Block)
	}
	f.weigh(costs)
}

// costs implements fleet.Fleet.Costs.
func (f *Members) costs(block int) (whole, sample float64) {
	s := f.shapes[f.cells[block].shape]
	return s.cost * float64(s.opts.Block), s.cost
}

// cellsOf lays samples out in an order, nil being their own: those of each shape in blocks of their own, in that order,
// and the blocks of all shapes mixed.
func (f *Members) cellsOf(order []int) (cells []cell) {
	if order == nil {
		for sample := range f.samples {
			order = append(order, sample)
		}
	}
	own := make([][]int, len(f.shapes))
	for _, sample := range order {
		p := f.places.of(sample)
		own[p.member] = append(own[p.member], p.at)
	}
	var counts []int
	for i, s := range f.shapes {
		counts = append(counts, (len(own[i])+s.opts.Block-1)/s.opts.Block)
	}
	for _, p := range mixed(counts) {
		s := f.shapes[p.member]
		c := cell{shape: p.member, own: blockOf(own[p.member], p.at, s.opts.Block)}
		if c.samples = c.own; s.of != nil {
			c.samples = pick(s.of, c.own)
		}
		cells = append(cells, c)
	}
	return cells
}

// blockOf are the samples of a block of so many, of an order.
func blockOf(order []int, block, size int) []int {
	return order[block*size : min((block+1)*size, len(order))]
}

// lay makes cells the layout.
func (f *Members) lay(cells []cell) {
	f.cells, f.order = cells, nil
	for _, s := range f.shapes {
		s.blocks = nil
	}
	for b, c := range cells {
		f.order = append(f.order, c.samples...)
		f.shapes[c.shape].blocks = append(f.shapes[c.shape].blocks, b)
	}
}

// cellOf implements layout.
func (f *Members) cellOf(block int) cell { return f.cells[block] }

// firsts implements layout.
func (f *Members) firsts() []int { return firstsOf(f.cells, len(f.shapes)) }

// firstsOf are the first block of each of so many shapes, rising.
func firstsOf(cells []cell, shapes int) (list []int) {
	seen := make([]bool, shapes)
	for b, c := range cells {
		if !seen[c.shape] {
			seen[c.shape] = true
			list = append(list, b)
		}
	}
	return list
}

// withFirsts are blocks, rising, with the first ones of each shape among them.
func withFirsts(blocks, firsts []int) []int {
	all := slices.Concat(blocks, firsts)
	slices.Sort(all)
	return slices.Compact(all)
}

// blocks is the number of blocks of the layout.
func (f *Members) blocks() int { return len(f.cells) }

// samplesOf are the samples of a block, in the order of its slots.
func (f *Members) samplesOf(block int) []int { return f.cells[block].samples }

// judgeOf judges the outputs of a block.
func (f *Members) judgeOf(block int) *metric.Scorer { return f.shapes[f.cells[block].shape].judge }

// judging judges a sample, which is one of these among those of its shape.
func (f *Members) judging(sample int) (j *metric.Scorer, own int) {
	p := f.places.of(sample)
	return f.shapes[p.member].judge, p.at
}

// judges are those of all shapes.
func (f *Members) judges() (list []*metric.Scorer) {
	for _, s := range f.shapes {
		list = append(list, s.judge)
	}
	return list
}

// judgeAll has the judges of all shapes, which have read the outputs, judge together.
func (f *Members) judgeAll() error {
	if f.shapes[0].of == nil {
		return nil
	}
	f.judged = judgedTogether(f.judges(), f.places, f.opts)
	return f.judged.Check()
}

// judgedTogether is what judges of several shapes make together.
func judgedTogether(judges []*metric.Scorer, all places, o Options) *metric.Parts {
	return &metric.Parts{Judges: judges, Labels: o.Own, Of: func(sample int) (judge, at int) { return all[sample].member, all[sample].at }}
}

// checkShapes refuses what samples of several shapes cannot be run on or compared with.
func checkShapes(list []Shape, records []quant.Record, o Options) error {
	n := total(list)
	if o.Reference != nil && len(o.Places) != n+1 {
		return fmt.Errorf("backend: %d places of reference rows for %d samples", len(o.Places), n)
	}
	for _, s := range list {
		if len(records) != s.Source.Holders() {
			return fmt.Errorf("backend: %d records for %d holders", len(records), s.Source.Holders())
		}
	}
	return nil
}
