package backend

import (
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"
)

// chain is the network compiled in parts between cuts on a device, with the lanes that run them.
type chain struct {
	compiled
	cuts    []int      // of the source, one more than parts
	parts   []*Segment // what a run at a part computes
	bytes   []int      // by part: of its model, which is given up when it is compiled
	through bool       // that is everything behind the part's cut; else the part alone
	holders [][]int    // by part: those whose node lies in it
	first   []int      // by holder: the first part in which its bit changes something, a grid or a constant; 0 for one of no part
	share   []float64  // by part: its share of a whole pass's time
}

// compile makes the parts between cuts on a device: those of a source, or the entries into a network. Where samples have several
// steps the values that the output kept has in all of them are kept.
func compile(d device, src Source, entries Entries, cuts []int, inputs []Tensor, lanes int, kept keptOutput) (*chain, error) {
	c := &chain{cuts: cuts, through: entries != nil, first: make([]int, src.Holders())}
	for i := range len(cuts) - 1 {
		var s *Segment
		var err error
		if c.through {
			s, err = entries.Entry(cuts[i], cuts[i+1:len(cuts)-1])
		} else {
			s, err = src.Segment(cuts[i], cuts[i+1])
		}
		if err != nil {
			return nil, err
		}
		s.kept = kept
		c.parts, c.bytes = append(c.parts, s), append(c.bytes, len(s.Model))
	}
	if last := c.parts[len(c.parts)-1]; last.kept.name == "" && len(last.Outputs) == 1 {
		last.kept.name = last.Outputs[0].Name
	}
	c.survey()
	var err error
	if c.compiled, err = d.compile(c.parts, inputs, lanes); err != nil {
		return nil, err
	}
	for i := range c.share {
		c.share[i] = 1 / float64(len(c.parts))
	}
	return c, nil
}

// survey finds out which holders lie in which part.
func (c *chain) survey() {
	c.holders, c.share = nil, make([]float64, len(c.parts))
	met := make([]bool, len(c.first))
	for i, s := range c.parts {
		own := s.Holders
		if c.through && i+1 < len(c.parts) {
			own = slices.DeleteFunc(slices.Clone(own), func(h int) bool { return slices.Contains(c.parts[i+1].Holders, h) })
		}
		c.holders = append(c.holders, own)
		for _, h := range c.touched(i) {
			if !met[h] {
				met[h], c.first[h] = true, i
			}
		}
	}
}

// narrow leaves some of the entries into a network, the first among them, and closes the others.
func (c *chain) narrow(chosen []int) {
	var parts []*Segment
	for _, at := range chosen {
		parts = append(parts, c.parts[at])
	}
	c.parts, c.bytes, c.cuts = parts, pick(c.bytes, chosen), append(pick(c.cuts, chosen), c.cuts[len(c.cuts)-1])
	c.compiled.narrow(chosen)
	c.survey()
}

// next is the part that a run goes on with behind one; as many as there are parts: it has come to the end.
func (c *chain) next(part int) int {
	if c.through {
		return len(c.parts)
	}
	return part + 1
}

// touched are the holders whose bits change something in a part, some of them more than once.
func (c *chain) touched(part int) []int {
	list := slices.Clone(c.holders[part])
	for _, f := range c.parts[part].Followed {
		list = append(list, f.Holder)
	}
	return list
}

// begin counts the holders whose change is felt first in a part.
func (c *chain) begin(part int) int {
	list := c.touched(part)
	slices.Sort(list)
	n := 0
	for _, h := range slices.Compact(list) {
		if c.first[h] == part {
			n++
		}
	}
	return n
}

// measure times what a run at each part computes, over a few runs of one block, with the least of each as its time.
// Entries, of which each is run by itself, are shared among the lanes: that is how trials run them, too.
func (c *chain) measure(data block, runs int) ([]float64, error) {
	seconds := make([]float64, len(c.parts))
	lanes := c.lanes()
	if !c.through {
		lanes = lanes[:1]
	}
	err := onLanes(lanes, func(at int, l lane) error {
		return l.do(func() error { return timeParts(l, data, runs, at, len(lanes), seconds) })
	})
	if err != nil {
		return nil, err
	}
	if c.through { // it takes no longer to run less
		for p := range seconds[1:] {
			seconds[p+1] = min(seconds[p], seconds[p+1])
		}
	}
	c.weigh(seconds)
	return seconds, nil
}

// timeParts times every so many parts from one on.
func timeParts(l lane, data block, runs, from, every int, seconds []float64) error {
	for r := range runs + 1 {
		for p := from; p < len(seconds); p += every {
			took, err := timePart(l, data, p)
			if err != nil {
				return err
			}
			if r == 1 || r > 1 && took < seconds[p] {
				seconds[p] = took // the first run of all is the warm-up
			}
		}
	}
	return nil
}

// weigh takes the parts' shares of a whole pass from the seconds of a run at each.
func (c *chain) weigh(seconds []float64) {
	copy(c.share, seconds)
	if c.through {
		for p := range c.share[1:] {
			c.share[p] -= c.share[p+1]
		}
	}
	floats.Scale(1/floats.Sum(c.share), c.share)
}

// seconds is the time that the lanes have spent inside the runtime.
func (c *chain) seconds() float64 {
	var total time.Duration
	for _, l := range c.lanes() {
		total += l.spent()
	}
	return total.Seconds()
}
