package machine

import (
	"math"
	"slices"

	"example.org/demote/backend/device"
)

// costs are what the choice of cuts is made from: how long trials take, one a holder, each of which begins at the
// last chosen cut in front of its holder, and how much memory they need. Cuts are meant by their places among those
// measured.
type costs struct {
	cuts    []int
	through bool                    // a run goes from its cut to the end
	seconds []float64               // by part, as measured
	before  []float64               // by prefix of seconds, where each is a part alone
	joint   float64                 // seconds that a cut between two such parts adds
	holders []float64               // holders in front of a cut
	stored  [][]device.StoredTensor // by cut
	perByte float64                 // seconds to read or write a byte of codes
	// for codes of a tensor: the base's and the drafted ones of all blocks, and what runs under way write to
	rooms  int64
	memory []int64 // by cut: bytes that its session holds besides
	whole  float64 // seconds of the network in one piece
}

func (e *Single) costs(cuts []int, seconds []float64, whole float64) *costs {
	c := &costs{cuts: cuts, through: e.chain.Through, seconds: seconds, before: []float64{0}, holders: []float64{0}, rooms: int64(2*e.data.Len() + e.Workers()), whole: whole}
	for i, s := range seconds {
		c.before = append(c.before, c.before[i]+s)
		c.holders = append(c.holders, c.holders[i]+float64(e.chain.Begin(i)))
	}
	if n := len(seconds); n > 1 {
		c.joint = max(0, (c.before[n]-whole)/float64(n-1))
	}
	l := e.chain.Lanes()[0]
	_ = l.Do(func() error {
		c.perByte = l.CodeSpeed()
		return nil
	})
	for i, cut := range cuts {
		var list []device.StoredTensor
		var held int64
		if i > 0 && i < len(cuts)-1 {
			list = e.storedAt(cut)
			if c.through {
				held = e.entryBytes(e.chain.Bytes[i])
			}
		}
		c.stored, c.memory = append(c.stored, list), append(c.memory, held)
	}
	return c
}

// sessionCopies is how often a session has the weights of its model, at most: as they are, and as its kernels want
// them.
const sessionCopies = 2

// leastEntryMemory is what entries into a network may take however little else there is.
const leastEntryMemory = 128 << 20

// entryMemory is what entries may take while they are timed: no more than is kept for what is stored, and not more
// than twice the network, the samples and the activations that are under way.
func (e *Single) entryMemory() int64 {
	if e.can.OwnMemory {
		return e.opts.Cache
	}
	return min(e.opts.Cache, max(leastEntryMemory, 2*(int64(e.chain.Bytes[0])+e.opts.Working)))
}

// entryBytes is what the session of an entry takes, with a model of so many bytes: the model's weights; on a device
// with memory of its own, those, though it has the large ones once for all sessions, and the activations of a block.
func (e *Single) entryBytes(model int) int64 {
	if e.can.OwnMemory {
		return int64(model) + e.opts.Activations
	}
	return sessionCopies * int64(max(1, model))
}

// entriesIn is how many entries fit some memory, each as large as one of them may be: though all weights of the
// network were at its end.
func entriesIn(memory, each int64) int { return int(min(memory/max(1, each), math.MaxInt32)) }

// run is the seconds that the trials of all holders take in the network between two chosen cuts.
func (c *costs) run(from, to int) float64 {
	if c.through {
		return c.seconds[from] * (c.holders[to] - c.holders[from])
	}
	return (c.before[to] - c.before[from] - c.joint*float64(to-from-1)) * c.holders[to]
}

// fresh is the bytes of codes a block that a cut needs behind another one, which may have some of its tensors
// already; the network's start has none.
func (c *costs) fresh(from, to int) (bytes int) {
	for _, t := range c.stored[to] {
		if !slices.ContainsFunc(c.stored[from], func(o device.StoredTensor) bool { return o.Name == t.Name }) {
			bytes += t.CodeBytes()
		}
	}
	return bytes
}

// step is what two cuts chosen one after the other add to the time of all trials: those of the holders between them
// begin by reading the first, and those of all in front of the second write it.
func (c *costs) step(from, to int) float64 {
	read := float64(c.fresh(0, from)) * (c.holders[to] - c.holders[from])
	written := float64(c.fresh(from, to)) * c.holders[to]
	return c.run(from, to) + c.perByte*(read+written)
}

// need is the memory that a cut takes behind another one: its codes, and its session.
func (c *costs) need(from, to int) int64 {
	return c.rooms*int64(c.fresh(from, to)) + c.memory[to]
}

// best chooses cuts by dynamic programming over the last cut, at a price for memory.
func (c *costs) best(price float64) []int {
	n := len(c.cuts)
	cost, from := make([]float64, n), make([]int, n)
	for to := 1; to < n; to++ {
		cost[to] = math.Inf(1)
		for f := range to {
			if v := cost[f] + c.step(f, to) + price*float64(c.need(f, to)); v < cost[to] {
				cost[to], from[to] = v, f
			}
		}
	}
	var chosen []int
	for at := n - 1; at > 0; at = from[at] {
		chosen = append(chosen, at)
	}
	chosen = append(chosen, 0)
	slices.Reverse(chosen)
	return chosen
}

// choose returns the cuts whose stored activations fit the memory: the price of memory is raised
// until they do, which leaves out the cuts that save least time for their bytes.
func (c *costs) choose(budget int64) []int {
	chosen := c.best(0)
	for price := 1e-18; c.used(chosen) > budget && price < 1; price *= 2 {
		chosen = c.best(price)
	}
	if c.used(chosen) > budget {
		chosen = []int{0, len(c.cuts) - 1}
	}
	return chosen
}

// places turns cuts of the source into a choice.
func (c *costs) places(cuts []int) (chosen []int) {
	for _, cut := range cuts {
		chosen = append(chosen, slices.Index(c.cuts, cut))
	}
	return chosen
}

// used is the memory that chosen cuts take.
func (c *costs) used(chosen []int) (bytes int64) {
	for i, to := range chosen[1:] {
		bytes += c.need(chosen[i], to)
	}
	return bytes
}

// codes is the part of it that stored activations take.
func (c *costs) codes(chosen []int) int64 {
	bytes := c.used(chosen)
	for _, at := range chosen {
		bytes -= c.memory[at]
	}
	return bytes
}

// cutsAt are chosen cuts as the source counts them.
func (c *costs) cutsAt(chosen []int) (cuts []int) {
	for _, at := range chosen {
		cuts = append(cuts, c.cuts[at])
	}
	return cuts
}

// expected is the share of a whole pass that a trial takes on average.
func (c *costs) expected(chosen []int) float64 {
	sum := 0.0
	for i, to := range chosen[1:] {
		sum += c.step(chosen[i], to)
	}
	return sum / (c.holders[len(c.holders)-1] * c.whole)
}
