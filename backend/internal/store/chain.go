package store

import (
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"

	"example.org/demote/backend/device"
)

// Chain is the network compiled in parts between cuts on a device, with the lanes that run them.
type Chain struct {
	device.Network
	Cuts    []int             // of the source, one more than parts
	Parts   []*device.Segment // what a run at a part computes
	Bytes   []int             // by part: of its model, which is given up when it is compiled
	Through bool              // that is everything behind the part's cut; else the part alone
	holders [][]int           // by part: those whose node lies in it
	// by holder: the first part in which its bit changes something, a grid or a constant; 0 for one of no part
	First []int
	Share []float64 // by part: its share of a whole pass's time
}

// Compile makes the parts between cuts on a device: those of a source, or the entries into a network. Where samples
// have several steps the values that the output kept has in all of them are kept.
func Compile(d device.Device, src device.Source, entries device.Entries, cuts []int, inputs []device.Tensor, lanes int, kept device.KeptOutput) (*Chain, error) {
	c := &Chain{Cuts: cuts, Through: entries != nil, First: make([]int, src.Holders())}
	for i := range len(cuts) - 1 {
		var s *device.Segment
		var err error
		if c.Through {
			s, err = entries.Entry(cuts[i], cuts[i+1:len(cuts)-1])
		} else {
			s, err = src.Segment(cuts[i], cuts[i+1])
		}
		if err != nil {
			return nil, err
		}
		s.Kept = kept
		c.Parts, c.Bytes = append(c.Parts, s), append(c.Bytes, s.Model.Size())
	}
	if last := c.Parts[len(c.Parts)-1]; last.Kept.Name == "" && len(last.Outputs) == 1 {
		last.Kept.Name = last.Outputs[0].Name
	}
	c.survey()
	var err error
	if c.Network, err = d.Compile(c.Parts, inputs, lanes); err != nil {
		return nil, err
	}
	for i := range c.Share {
		c.Share[i] = 1 / float64(len(c.Parts))
	}
	return c, nil
}

// survey finds out which holders lie in which part.
func (c *Chain) survey() {
	c.holders, c.Share = nil, make([]float64, len(c.Parts))
	met := make([]bool, len(c.First))
	for i, s := range c.Parts {
		own := s.Holders
		if c.Through && i+1 < len(c.Parts) {
			own = slices.DeleteFunc(slices.Clone(own), func(h int) bool { return slices.Contains(c.Parts[i+1].Holders, h) })
		}
		c.holders = append(c.holders, own)
		for _, h := range c.touched(i) {
			if !met[h] {
				met[h], c.First[h] = true, i
			}
		}
	}
}

// Narrow leaves some of the entries into a network, the first among them, and closes the others.
func (c *Chain) Narrow(chosen []int) {
	var parts []*device.Segment
	var bytes, cuts []int
	for _, at := range chosen {
		parts, bytes, cuts = append(parts, c.Parts[at]), append(bytes, c.Bytes[at]), append(cuts, c.Cuts[at])
	}
	c.Parts, c.Bytes, c.Cuts = parts, bytes, append(cuts, c.Cuts[len(c.Cuts)-1])
	c.Network.Narrow(chosen)
	c.survey()
}

// Next is the part that a run goes on with behind one; as many as there are parts: it has come to the end.
func (c *Chain) Next(part int) int {
	if c.Through {
		return len(c.Parts)
	}
	return part + 1
}

// touched are the holders whose bits change something in a part, and not only behind it, some of them more than once.
func (c *Chain) touched(part int) []int {
	list := slices.Clone(c.holders[part])
	for _, f := range c.Parts[part].Followed {
		if !c.Through || part+1 == len(c.Parts) || c.Parts[part+1].Reads(f.Name) < f.Reads {
			list = append(list, f.Holder)
		}
	}
	return list
}

// Begin counts the holders whose change is felt first in a part.
func (c *Chain) Begin(part int) int {
	list := c.touched(part)
	slices.Sort(list)
	n := 0
	for _, h := range slices.Compact(list) {
		if c.First[h] == part {
			n++
		}
	}
	return n
}

// Measure times what a run at each part computes, over a few runs of one block, with the least of each as its time.
// Entries, of which each is run by itself, are shared among the lanes: that is how trials run them, too. queue: the
// device has one, and no part is waited for.
func (c *Chain) Measure(data device.Block, runs int, queue bool) ([]float64, error) {
	seconds := make([]float64, len(c.Parts))
	lanes := c.Lanes()
	if !c.Through {
		lanes = lanes[:1]
	}
	err := device.OnLanes(lanes, func(at int, l device.Lane) error {
		return l.Do(func() error { return timeParts(l, data, runs, at, len(lanes), seconds, TimerOf(queue)) })
	})
	if err != nil {
		return nil, err
	}
	if c.Through { // it takes no longer to run less
		for p := range seconds[1:] {
			seconds[p+1] = min(seconds[p], seconds[p+1])
		}
	}
	c.Weigh(seconds)
	return seconds, nil
}

// A Timer is the seconds that a run of a part takes.
type Timer func(l device.Lane, data device.Block, part int) (float64, error)

// TimerOf is that of a device, with a queue or without.
func TimerOf(queue bool) Timer {
	if queue {
		return device.TimeQueued
	}
	return device.TimePart
}

// timeParts times every so many parts from one on.
func timeParts(l device.Lane, data device.Block, runs, from, every int, seconds []float64, timed Timer) error {
	for r := range runs + 1 {
		for p := from; p < len(seconds); p += every {
			took, err := timed(l, data, p)
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

// Weigh takes the parts' shares of a whole pass from the seconds of a run at each.
func (c *Chain) Weigh(seconds []float64) {
	copy(c.Share, seconds)
	if c.Through {
		for p := range c.Share[1:] {
			c.Share[p] -= c.Share[p+1]
		}
	}
	floats.Scale(1/floats.Sum(c.Share), c.Share)
}

// Seconds is the time that the lanes have spent inside the runtime.
func (c *Chain) Seconds() float64 {
	var total time.Duration
	if c == nil {
		return 0
	}
	for _, l := range c.Lanes() {
		total += l.Spent()
	}
	return total.Seconds()
}
