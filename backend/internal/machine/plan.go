package machine

import (
	"errors"
	"math"
	"slices"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
	"example.org/demote/search"
)

// maxParts bounds the parts that are measured: each is a session of its own.
const maxParts = 32

// maxQueueParts bounds them on a device with a queue: there a session has handles and a workspace of its own, and each
// part is one more start of a graph for every block.
const maxQueueParts = 8

// mostParts is what bounds them on this device.
func (e *Single) mostParts() int {
	if e.can.Queue {
		return maxQueueParts
	}
	return maxParts
}

// minParts is how many entries into a network there must be room for; with less memory it is run in parts, which have
// its weights once.
const minParts = 4

// A Plan says at which cuts trials may begin, and what was measured to choose them.
type Plan struct {
	Cuts     []int   // of the source
	Parts    int     // parts between cuts that were measured
	Whole    float64 // seconds a block of the network in one piece
	Expected float64 // share of a whole pass that a trial takes on average, one holder changed
	Bytes    int64   // stored activations, when full
	Blocked  int     // parts that work inside the blocked layout
	// seconds a block of the network in one piece, of each shape where samples have several
	Wholes []float64 `json:",omitempty"`
}

// Plan measures the network from its finest cuts on, chooses those that make trials cheapest within
// the memory for stored activations, and compiles the chain anew with them. Neither the cuts nor
// what is stored can change a bit of a result: the new chain's outputs are compared with those of
// the network in one piece, wherever it is entered, and if they differ the network stays in one piece.
func (e *Single) Plan() (Plan, error) {
	begun := e.startClock()
	p, err := e.takeApart(begun)
	if e.chain == nil { // what was to take its place could not be compiled
		return p, err
	}
	if err == nil && e.entries == nil && e.timeLeft(begun, p.Whole) > 2*e.loading {
		p.Blocked, err = e.Block()
	}
	switch {
	case err != nil || e.chain.Through:
	case len(e.chain.Parts) == 1:
		e.chain.Weigh([]float64{1})
	default:
		_, err = e.chain.Measure(e.data.Blocks[0], e.measureRuns(), e.can.Queue)
	}
	e.resetStore()
	e.blocked = p.Blocked
	return p, err
}

// timeLeft is the seconds that the choice of cuts may still take, with whole those of a block of the network.
func (e *Single) timeLeft(begun clock, whole float64) float64 {
	return e.patience(whole) - begun.seconds()
}

// takeApart chooses how trials begin at cuts, and the cuts.
func (e *Single) takeApart(begun clock) (Plan, error) {
	whole := []int{0, e.source.Cuts() - 1}
	p := Plan{Cuts: whole, Parts: 1, Expected: 1}
	if e.opts.Naive || e.opts.Cache <= 0 || e.source.Cuts() < 3 {
		seconds, err := e.chain.Measure(e.data.Blocks[0], e.measureRuns(), e.can.Queue)
		if err == nil {
			p.Whole = seconds[0]
		}
		return p, err
	}
	want, seconds, err := e.proveWhole()
	if err != nil {
		return Plan{}, err
	}
	p.Whole = seconds
	left := func() float64 { return e.timeLeft(begun, p.Whole) }
	ways, noRoom := e.ways(), e.entriesInTime(left()-e.beforeEntries(p.Whole), p.Whole) < minParts ||
		// known before the network is optimized for them
		e.opts.Cuts == nil && entriesIn(e.entryMemory(), e.entryBytes(e.chain.Bytes[0])) < minParts
	for i, way := range ways {
		if noRoom && i < len(ways)-1 {
			continue // nor is there for these
		}
		if e.entries, err = way(); err != nil {
			continue // another one does it
		}
		apart, err := e.takeApartAt(p.Whole, want, left)
		if errors.Is(err, errNoRoom) {
			noRoom = true
			continue
		}
		same := false
		if err == nil && apart != nil {
			same, err = e.agrees(want)
		}
		if err != nil && e.entries == nil {
			return p, err
		}
		if err == nil && same {
			return *apart, nil
		}
	}
	if e.entries = nil; len(e.chain.Parts) == 1 && !e.chain.Through {
		return p, nil
	}
	return p, e.compile(whole)
}

// planPasses and planSeconds are what the choice of cuts may take: so many passes over the samples, and so long
// besides. Where samples are few, or a network takes long to load, cuts cost more than trials save by them.
const planPasses, planSeconds = 2.5, 0.5

// PlanTime is about what Plan takes at most, where a pass over the samples takes so long.
func PlanTime(pass time.Duration) time.Duration {
	return time.Duration(planSeconds*float64(time.Second) + planPasses*float64(pass))
}

// patience is the seconds that the choice of cuts may take, with whole those of a block of the network. It is to be
// at its end by Options.By, but for what every network may take.
func (e *Single) patience(whole float64) float64 {
	if e.opts.Patient || e.opts.Cuts != nil {
		return math.Inf(1)
	}
	seconds := planSeconds
	if e.opts.share > 0 { // all shapes together take it
		seconds *= e.opts.share
	}
	passes := planPasses * whole * float64(e.data.Len()) / float64(e.Workers())
	if !e.opts.By.IsZero() {
		passes = min(passes, max(0, time.Until(e.opts.By).Seconds()))
	}
	return seconds + passes
}

// entriesInTime is how many entries there is time for in so many seconds, once the network is loaded as entries want
// it.
func (e *Single) entriesInTime(left, whole float64) int {
	return entriesInTime(left, e.loading, whole, e.Workers())
}

// entriesInTime is how many entries there is time for in a number of seconds, with those that the network takes to be
// loaded and for a block, and the workers, which share all runs. Each has half the network on average: it is loaded,
// timed, and held against the network in one piece under the probing masks.
func entriesInTime(left, loading, whole float64, workers int) int {
	each := 0.5 * (loading + (choiceRuns+1)*whole/float64(workers) + probingMasks*whole/float64(min(workers, probingMasks)))
	return int(max(0, min(left/each, maxParts)))
}

// beforeEntries is about the seconds until entries can be made: the network is optimized and loaded as they want it,
// proven and timed.
func (e *Single) beforeEntries(whole float64) float64 {
	return 2*e.loading + whole*(math.Ceil(probingMasks/float64(e.Workers()))+math.Ceil(float64(e.measureRuns())/float64(e.Workers())))
}

// measureRuns is how often the network in one piece is run to be timed; the least time counts. Of few blocks that
// would be longer than a pass over all of them.
func (e *Single) measureRuns() int {
	if e.opts.Patient {
		return mostRuns
	}
	return max(leastRuns, min(mostRuns, e.data.Len()/(4*e.Workers())))
}

// errNoRoom says that there is no memory, or no time, for entries into the network.
var errNoRoom = errors.New("no room for entries")

// takeApartAt compiles the chain with the best of the finest cuts that there is time left for. It returns nil if the
// network in one piece, run that way, has outputs that are not wanted, or is clearly slower than plain, the seconds
// of the source's own.
func (e *Single) takeApartAt(plain float64, want [][]float32, left func() float64) (*Plan, error) {
	p, most := &Plan{Whole: plain}, e.mostParts()
	if e.entries != nil {
		if err := e.compile([]int{0, e.source.Cuts() - 1}); err != nil {
			return nil, err
		}
		got, seconds, err := e.proveWhole()
		if err != nil || !slices.EqualFunc(want, got, device.SameBits) || e.chain.Parts[0].Optimal && seconds > clearly*plain && !e.opts.Patient {
			return nil, err
		}
		p.Whole = seconds
		most = min(most, entriesIn(e.entryMemory(), e.entryBytes(e.chain.Bytes[0])), e.entriesInTime(left(), p.Whole))
		if most < minParts && e.opts.Cuts == nil {
			return nil, errNoRoom
		}
	} else if e.loading+float64(leastRuns+1)*plain > left() {
		return nil, nil
	}
	finest := e.finestCuts(most)
	if err := e.compile(finest); err != nil {
		return nil, err
	}
	runs := e.measureRuns()
	if e.chain.Through {
		runs = choiceRuns
	}
	seconds, err := e.chain.Measure(e.data.Blocks[0], runs, e.can.Queue)
	if err != nil {
		return nil, err
	}
	c := e.costs(finest, seconds, p.Whole)
	chosen := c.choose(e.opts.Cache)
	if e.opts.Cuts != nil {
		chosen = c.places(e.opts.Cuts)
	}
	p.Parts, p.Cuts = len(seconds), c.cutsAt(chosen)
	p.Expected, p.Bytes = c.expected(chosen), c.codes(chosen)
	if e.chain.Through {
		begins := chosen[:len(chosen)-1]
		e.chain.Narrow(begins)
		e.chain.Weigh(pick(seconds, begins))
	} else if err := e.compile(p.Cuts); err != nil {
		return nil, err
	}
	for _, s := range e.chain.Parts {
		if s.Optimal {
			p.Blocked++
		}
	}
	return p, nil
}

// mostRuns and leastRuns are how often a part is run to be timed, the least time counting. Entries take half the
// network each, on average: a few runs do to choose among many.
const mostRuns, leastRuns, choiceRuns = 12, 2, 2

// clearly is how much slower another way to run the network in one piece is that is not wanted: both are
// measured one after the other, maybe on a machine with other work.
const clearly = 1.25

// resetStore forgets all stored activations, and makes room for those of the cuts between the parts. There
// is a store without cuts, too, where something can be known of no-ops, or where runs enter through it.
func (e *Single) resetStore() {
	if e.store != nil {
		e.store.Close()
		e.store = nil
	}
	if e.opts.Naive || !e.can.Compares && len(e.chain.Parts) == 1 && !e.chain.Through && e.equal == nil {
		return
	}
	e.store = store.New(e.device, e.can.Compares, e.chain, e.StoredAt(), e.data.Len(), search.NewMask(e.source.Holders()))
	for b, holders := range e.equal {
		e.store.Same(b, holders)
	}
	e.know()
}

// know enters what the samples gain without demotions, where that is known.
func (e *Single) know() {
	if e.gained != nil && (e.can.InOrder || e.judge.Hits() > 0) { // hits add up in any order
		e.store.Know(e.gained, e.data)
	}
}

// pick returns some of a list's values.
func pick[T any](list []T, at []int) (out []T) {
	for _, i := range at {
		out = append(out, list[i])
	}
	return out
}

// finestCuts are all cuts of the source, or every so many of them, for as many parts at most.
func (e *Single) finestCuts(most int) []int {
	n := e.source.Cuts() - 1
	parts := min(n, most)
	if e.opts.Cuts != nil {
		parts = n
	}
	cuts := make([]int, parts+1)
	for i := range cuts {
		cuts[i] = i * n / parts
	}
	return cuts
}
