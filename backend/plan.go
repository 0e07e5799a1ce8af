package backend

import (
	"math"
	"slices"

	"demote/search"
)

// maxParts bounds the parts that are measured one by one: each is a session of its own.
const maxParts = 32

// A Plan says at which cuts the network was taken apart, and what was measured to choose them.
type Plan struct {
	Cuts     []int   // of the source
	Parts    int     // parts that were measured
	Whole    float64 // seconds a block of the network in one piece
	Sum      float64 // seconds a block of all measured parts together
	Expected float64 // share of a whole pass that a trial takes on average, one holder changed
	Bytes    int64   // stored activations, when full
	Blocked  int     // parts that work inside the blocked layout
}

// Plan measures the network in its finest parts, chooses the cuts that make trials cheapest within
// the memory for stored activations, and compiles the chain anew with them. Neither the cuts nor
// what is stored can change a bit of a result: the new chain's outputs are compared with those of
// the network in one piece, and if they differ the network stays in one piece.
func (e *Evaluator) Plan() (Plan, error) {
	p, err := e.takeApart()
	if err == nil && e.coded == nil {
		p.Blocked, err = e.Block()
	}
	if err == nil {
		_, err = e.chain.measure(e.data.blocks[0], measureRuns)
	}
	e.resetStore()
	return p, err
}

// takeApart chooses how parts hand on what flows between them, and the cuts.
func (e *Evaluator) takeApart() (Plan, error) {
	whole := []int{0, e.source.Cuts() - 1}
	seconds, err := e.chain.measure(e.data.blocks[0], measureRuns)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Cuts: whole, Parts: 1, Whole: seconds[0], Sum: seconds[0], Expected: 1}
	finest := e.finestCuts()
	if e.opts.Naive || e.opts.Cache <= 0 || len(finest) < 3 {
		return p, nil
	}
	want, err := e.signature()
	if err != nil {
		return p, err
	}
	for _, way := range e.ways() {
		if e.coded, err = way(); err != nil {
			continue // another one does it
		}
		apart, err := e.takeApartAt(finest, p.Whole)
		var got [][]float32
		if err == nil {
			got, err = e.signature()
		}
		if err != nil && e.coded == nil {
			return p, err
		}
		if err == nil && apart != nil && slices.EqualFunc(want, got, func(a, b []float32) bool { return sameBits(a, b) }) {
			return *apart, nil
		}
	}
	e.coded = nil
	return p, e.compile(whole)
}

// takeApartAt compiles the chain with the best of some cuts. It returns nil if the chain in one piece is
// clearly slower than plain, the seconds of the source's own.
func (e *Evaluator) takeApartAt(finest []int, plain float64) (*Plan, error) {
	p := &Plan{Whole: plain}
	if e.coded != nil {
		if err := e.compile([]int{0, e.source.Cuts() - 1}); err != nil {
			return nil, err
		}
		seconds, err := e.chain.measure(e.data.blocks[0], measureRuns)
		if err != nil || e.chain.parts[0].Optimal && seconds[0] > clearly*plain {
			return nil, err
		}
		p.Whole = seconds[0]
	}
	if err := e.compile(finest); err != nil {
		return nil, err
	}
	seconds, err := e.chain.measure(e.data.blocks[0], measureRuns)
	if err != nil {
		return nil, err
	}
	c := e.costs(finest, seconds, p.Whole)
	p.Parts, p.Sum = len(seconds), c.total
	p.Cuts = c.choose(e.opts.Cache)
	p.Expected, p.Bytes = c.expected(p.Cuts), c.bytes(p.Cuts)
	if err := e.compile(p.Cuts); err != nil {
		return nil, err
	}
	for _, s := range e.chain.parts {
		if s.Optimal {
			p.Blocked++
		}
	}
	return p, nil
}

// measureRuns is how often every part is run to be timed; the least time counts.
const measureRuns = 12

// clearly is how much slower another way to run the network in one piece is that is not wanted: both are
// measured one after the other, maybe on a machine with other work.
const clearly = 1.25

// resetStore forgets all stored activations, and makes room for those of the cuts between the parts. On
// the CPU there is a store without cuts, too, for what is known of no-ops.
func (e *Evaluator) resetStore() {
	if e.store != nil {
		e.store.Close()
		e.store = nil
	}
	cuts := e.chain.cuts
	if e.opts.Naive || !e.opts.onCPU() && len(cuts) <= 2 {
		return
	}
	var stored []storedCut
	for part, cut := range cuts[:len(cuts)-1] {
		if part > 0 {
			stored = append(stored, storedCut{part: part, tensors: e.pieces().Stored(cut)})
		}
	}
	n := e.source.Holders()
	e.store = newStore(stored, e.data.len(), search.NewMask(n), newNoops(e.chain.parts, n, e.data.len()))
	e.store.recoder, _ = e.device.(recoder)
	if e.gained != nil && e.opts.onCPU() { // a GPU adds floats in an order of its own
		e.store.know(e.gained, e.data)
	}
}

// finestCuts are all cuts of the source, or every so many of them.
func (e *Evaluator) finestCuts() []int {
	n := e.source.Cuts() - 1
	parts := min(n, maxParts)
	cuts := make([]int, parts+1)
	for i := range cuts {
		cuts[i] = i * n / parts
	}
	return cuts
}

// signature is the outputs of the first block, without demotions and with every other holder
// demoted.
func (e *Evaluator) signature() ([][]float32, error) {
	n := e.source.Holders()
	half := search.NewMask(n)
	for i := 0; i < n; i += 2 {
		half.Demote(i)
	}
	var out [][]float32
	for _, m := range []search.Mask{search.NewMask(n), half} {
		rows, err := e.rows(e.chain.lanes()[0], m, e.data.blocks[0])
		if err != nil {
			return nil, err
		}
		out = append(out, rows)
	}
	return out, nil
}

// costs are what the choice of cuts is made from. A trial with one changed holder pays for every
// part from the holder's on.
type costs struct {
	cuts     []int
	before   []float64 // by prefix of seconds: of the parts in front of a cut
	joint    float64   // seconds that a cut between two parts adds
	holders  []float64 // holders in front of a cut
	decode   []float64 // seconds to read a cut's codes
	encode   []float64 // seconds to write them
	memory   []int64   // bytes of a cut's codes, base and draft, all blocks
	total    float64
	wholeRun float64
}

func (e *Evaluator) costs(cuts []int, seconds []float64, whole float64) *costs {
	c := &costs{cuts: cuts, before: []float64{0}, holders: []float64{0}, wholeRun: whole}
	for i, s := range seconds {
		c.total += s
		c.before = append(c.before, c.total)
		c.holders = append(c.holders, c.holders[i]+float64(e.chain.begin(i)))
	}
	if len(seconds) > 1 {
		c.joint = max(0, (c.total-whole)/float64(len(seconds)-1))
	}
	perByte, l := 0.0, e.chain.lanes()[0]
	_ = l.do(func() error {
		perByte = l.codeSpeed()
		return nil
	})
	for _, cut := range cuts {
		tensors := e.pieces().Stored(cut)
		size := 0
		if cut != 0 && cut != cuts[len(cuts)-1] {
			size = codeBytes(tensors)
		}
		c.decode = append(c.decode, float64(size)*perByte)
		c.encode = append(c.encode, float64(size)*perByte)
		c.memory = append(c.memory, int64(size)*2*int64(e.data.len()))
	}
	return c
}

// part is the seconds of one part between two cuts.
func (c *costs) part(from, to int) float64 {
	return c.before[to] - c.before[from] - c.joint*float64(to-from-1)
}

// step is what a part between two cuts adds to the time of all trials, one a holder: those of its
// holders and of the ones in front run it; its holders' begin by reading the cut in front, and the
// trials from before write it.
func (c *costs) step(from, to int, price float64) float64 {
	t := c.part(from, to) * c.holders[to]
	if from > 0 {
		t += c.decode[from]*(c.holders[to]-c.holders[from]) + c.encode[from]*c.holders[from] + price*float64(c.memory[from])
	}
	return t
}

// best chooses cuts by dynamic programming over the last cut, at a price for memory.
func (c *costs) best(price float64) []int {
	n := len(c.cuts)
	cost, from := make([]float64, n), make([]int, n)
	for to := 1; to < n; to++ {
		cost[to] = math.Inf(1)
		for f := range to {
			if v := cost[f] + c.step(f, to, price); v < cost[to] {
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
	out := make([]int, len(chosen))
	for i, at := range chosen {
		out[i] = c.cuts[at]
	}
	return out
}

func (c *costs) used(chosen []int) (bytes int64) {
	for _, at := range chosen {
		bytes += c.memory[at]
	}
	return bytes
}

// places turns cuts of the source back into places of this choice.
func (c *costs) places(cuts []int) []int {
	var at []int
	for _, cut := range cuts {
		at = append(at, slices.Index(c.cuts, cut))
	}
	return at
}

func (c *costs) bytes(cuts []int) int64 { return c.used(c.places(cuts)) }

// expected is the share of a whole pass that a trial takes on average.
func (c *costs) expected(cuts []int) float64 {
	at := c.places(cuts)
	sum := 0.0
	for i := 1; i < len(at); i++ {
		sum += c.step(at[i-1], at[i], 0)
	}
	return sum / (c.holders[len(c.holders)-1] * c.wholeRun)
}
