package backend

import (
	"slices"
	"time"
)

// chain is the network compiled as parts between cuts on a device, with the lanes that run them.
type chain struct {
	compiled
	cuts  []int // of the source, one more than parts
	parts []*Stretch
	first []int     // by holder: the first part in which its bit changes something, a grid or a constant
	last  []int     // by holder: the last one; both are 0 for a holder of no part
	share []float64 // by part: its share of a whole pass's time
}

// compile makes the parts between cuts on a device.
func compile(d device, src Chain, holders int, cuts []int, inputs []Tensor, lanes int) (*chain, error) {
	c := &chain{cuts: cuts, first: make([]int, holders), last: make([]int, holders)}
	met := make([]bool, holders)
	for i := range len(cuts) - 1 {
		s, err := src.Stretch(cuts[i], cuts[i+1])
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, s)
		for _, h := range s.touched() {
			if !met[h] {
				met[h], c.first[h] = true, i
			}
			c.last[h] = i
		}
	}
	var err error
	if c.compiled, err = d.compile(c.parts, inputs, lanes); err != nil {
		return nil, err
	}
	c.share = make([]float64, len(c.parts))
	for i := range c.share {
		c.share[i] = 1 / float64(len(c.parts))
	}
	return c, nil
}

// touched are the holders whose bits change something in a stretch, some of them more than once.
func (s *Stretch) touched() []int {
	list := slices.Clone(s.Holders)
	for _, f := range s.Followed {
		list = append(list, f.Holder)
	}
	return list
}

// begin counts the holders whose change is felt first in a part.
func (c *chain) begin(part int) int {
	list := c.parts[part].touched()
	slices.Sort(list)
	n := 0
	for _, h := range slices.Compact(list) {
		if c.first[h] == part {
			n++
		}
	}
	return n
}

// measure times every part over a few runs of one block, with the least of each as its time, and
// returns the seconds a part takes.
func (c *chain) measure(data block, runs int) (seconds []float64, err error) {
	l := c.lanes()[0]
	err = l.do(func() error {
		seconds, err = c.measureOn(l, data, runs)
		return err
	})
	return seconds, err
}

func (c *chain) measureOn(l lane, data block, runs int) ([]float64, error) {
	seconds := make([]float64, len(c.parts))
	for r := range runs + 1 {
		for p := range c.parts {
			took, err := timePart(l, data, p)
			if err != nil {
				return nil, err
			}
			if r == 1 || r > 1 && took < seconds[p] {
				seconds[p] = took // the first run of all is the warm-up
			}
		}
	}
	total := 0.0
	for _, s := range seconds {
		total += s
	}
	for p, s := range seconds {
		c.share[p] = s / total
	}
	return seconds, nil
}

// timePart is the seconds that one run of a part takes.
func timePart(l lane, data block, part int) (float64, error) {
	start := time.Now()
	err := l.runPart(data, part)
	if err == nil {
		err = l.wait()
	}
	return time.Since(start).Seconds(), err
}

// seconds is the time that the lanes have spent inside the runtime.
func (c *chain) seconds() float64 {
	var total time.Duration
	for _, l := range c.lanes() {
		total += l.spent()
	}
	return total.Seconds()
}
