package backend

import (
	"errors"
	"math"
	"slices"
	"time"

	"demote/search"
)

// maxParts bounds the parts that are measured: each is a session of its own.
const maxParts = 32

// minParts is how many entries into a network there must be room for; with less memory it is run in parts, which have its
// weights once.
const minParts = 4

// A Plan says at which cuts trials may begin, and what was measured to choose them.
type Plan struct {
	Cuts     []int   // of the source
	Parts    int     // parts between cuts that were measured
	Whole    float64 // seconds a block of the network in one piece
	Expected float64 // share of a whole pass that a trial takes on average, one holder changed
	Bytes    int64   // stored activations, when full
	Blocked  int     // parts that work inside the blocked layout
}

// Plan measures the network from its finest cuts on, chooses those that make trials cheapest within
// the memory for stored activations, and compiles the chain anew with them. Neither the cuts nor
// what is stored can change a bit of a result: the new chain's outputs are compared with those of
// the network in one piece, wherever it is entered, and if they differ the network stays in one piece.
func (e *Evaluator) Plan() (Plan, error) {
	p, err := e.takeApart()
	if err == nil && e.entries == nil {
		p.Blocked, err = e.Block()
	}
	if err == nil && !e.chain.through {
		_, err = e.chain.measure(e.data.blocks[0], e.measureRuns())
	}
	e.resetStore()
	return p, err
}

// takeApart chooses how trials begin at cuts, and the cuts.
func (e *Evaluator) takeApart() (Plan, error) {
	whole := []int{0, e.source.Cuts() - 1}
	seconds, err := e.chain.measure(e.data.blocks[0], e.measureRuns())
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Cuts: whole, Parts: 1, Whole: seconds[0], Expected: 1}
	if e.opts.Naive || e.opts.Cache <= 0 || e.source.Cuts() < 3 {
		return p, nil
	}
	want, err := e.signature()
	if err != nil {
		return p, err
	}
	ways, noRoom := e.ways(), e.entriesInTime(p.Whole) < minParts
	for i, way := range ways {
		if noRoom && i < len(ways)-1 {
			continue // nor is there for these
		}
		if e.entries, err = way(); err != nil {
			continue // another one does it
		}
		apart, err := e.takeApartAt(p.Whole)
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
	if e.entries = nil; len(e.chain.parts) == 1 && !e.chain.through {
		return p, nil
	}
	return p, e.compile(whole)
}

// planPasses and planSeconds are what the choice of cuts may take: so many passes over the samples, and so long besides. Where
// samples are few, or a network takes long to load, cuts cost more than trials save by them.
const planPasses, planSeconds = 2.5, 0.5

// PlanTime is about what Plan takes at most, where a pass over the samples takes so long.
func PlanTime(pass time.Duration) time.Duration {
	return time.Duration(planSeconds*float64(time.Second) + planPasses*float64(pass))
}

// patience is the seconds that the choice of cuts may take, with whole those of a block of the network.
func (e *Evaluator) patience(whole float64) float64 {
	if e.opts.Patient || e.opts.Cuts != nil {
		return math.Inf(1)
	}
	return planSeconds + planPasses*whole*float64(e.data.len())/float64(e.Workers())
}

// entriesInTime is how many entries there is time for, once the network has been optimized and loaded as entries want it.
func (e *Evaluator) entriesInTime(whole float64) int {
	return entriesInTime(e.patience(whole), e.loading, whole, e.measureRuns(), e.Workers())
}

// entriesInTime is how many entries there is time for in a number of seconds, with those that the network takes to be loaded and
// for a block, how often it is timed in one piece, and the workers, which share the rest. Each has half the network on average: it
// is loaded, timed, and held against the network in one piece under the probing masks.
func entriesInTime(patience, loading, whole float64, runs, workers int) int {
	first := 2*loading + float64(runs+1)*whole
	each := 0.5 * (loading + (choiceRuns+1+probingMasks)*whole/float64(min(workers, probingMasks)))
	return int(max(0, min((patience-first)/each, maxParts)))
}

// measureRuns is how often the network in one piece is run to be timed; the least time counts. Of few blocks that would be
// longer than a pass over all of them.
func (e *Evaluator) measureRuns() int {
	if e.opts.Patient {
		return mostRuns
	}
	return max(leastRuns, min(mostRuns, e.data.len()/(4*e.Workers())))
}

// errNoRoom says that there is no memory, or no time, for entries into the network.
var errNoRoom = errors.New("no room for entries")

// takeApartAt compiles the chain with the best of the finest cuts. It returns nil if the network in one piece is
// clearly slower that way than plain, the seconds of the source's own.
func (e *Evaluator) takeApartAt(plain float64) (*Plan, error) {
	p, most := &Plan{Whole: plain}, maxParts
	if e.entries != nil {
		if err := e.compile([]int{0, e.source.Cuts() - 1}); err != nil {
			return nil, err
		}
		seconds, err := e.chain.measure(e.data.blocks[0], e.measureRuns())
		if err != nil || e.chain.parts[0].Optimal && seconds[0] > clearly*plain {
			return nil, err
		}
		p.Whole = seconds[0]
		most = min(most, entriesIn(e.opts.Cache, e.chain.parts[0].bytes), e.entriesInTime(p.Whole))
		if most < minParts && e.opts.Cuts == nil {
			return nil, errNoRoom
		}
	} else if e.loading+float64(e.measureRuns()+1)*plain > e.patience(plain) {
		return nil, nil
	}
	finest := e.finestCuts(most)
	if err := e.compile(finest); err != nil {
		return nil, err
	}
	runs := e.measureRuns()
	if e.chain.through {
		runs = choiceRuns
	}
	seconds, err := e.chain.measure(e.data.blocks[0], runs)
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
	if e.chain.through {
		begins := chosen[:len(chosen)-1]
		e.chain.narrow(begins)
		e.chain.weigh(pick(seconds, begins))
	} else if err := e.compile(p.Cuts); err != nil {
		return nil, err
	}
	for _, s := range e.chain.parts {
		if s.Optimal {
			p.Blocked++
		}
	}
	return p, nil
}

// mostRuns and leastRuns are how often a part is run to be timed, the least time counting. Entries take half the network each,
// on average: a few runs do to choose among many.
const mostRuns, leastRuns, choiceRuns = 12, 4, 2

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
	if e.opts.Naive || !e.opts.onCPU() && len(e.chain.parts) == 1 {
		return
	}
	e.store = newStore(e.chain, e.StoredAt(), e.data.len(), search.NewMask(e.source.Holders()))
	e.store.recoder, _ = e.device.(recoder)
	if e.gained != nil && e.opts.onCPU() { // a GPU adds floats in an order of its own
		e.store.know(e.gained, e.data)
	}
}

// pick returns some of a list's values.
func pick(list []float64, at []int) (out []float64) {
	for _, i := range at {
		out = append(out, list[i])
	}
	return out
}

// finestCuts are all cuts of the source, or every so many of them, for as many parts at most.
func (e *Evaluator) finestCuts(most int) []int {
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

// signature is the outputs of the first block under the probing masks.
func (e *Evaluator) signature() (out [][]float32, err error) {
	for _, m := range e.probes() {
		rows, err := e.rows(e.chain.lanes()[0], m, e.data.blocks[0])
		if err != nil {
			return nil, err
		}
		out = append(out, rows)
	}
	return out, nil
}

// agrees says whether the chain gives the outputs of a signature, from the start and from every cut at which it is entered.
func (e *Evaluator) agrees(want [][]float32) (bool, error) {
	got, err := e.signature()
	if err != nil || !slices.EqualFunc(want, got, sameBits) {
		return false, err
	}
	if _, ok := e.chain.lanes()[0].(enterer); !ok || !e.chain.through {
		return true, nil
	}
	lanes, masks := e.chain.lanes(), e.probes()
	same := make([]bool, len(masks))
	err = onLanes(lanes, func(at int, l lane) (err error) {
		for i := at; i < len(masks) && err == nil; i += len(lanes) {
			same[i], err = e.entriesAgree(l.(enterer), masks[i], want[i])
		}
		return err
	})
	return err == nil && !slices.Contains(same, false), err
}

// entriesAgree runs the first block under a mask from the start and then from every cut, and says whether all of them give the
// same outputs and leave the same codes at all cuts behind.
func (e *Evaluator) entriesAgree(l enterer, m search.Mask, want []float32) (bool, error) {
	s := newStore(e.chain, e.StoredAt(), 1, m)
	defer s.Close()
	p := &passage{rooms: make([]room, len(s.tensors))}
	same := true
	err := l.do(func() error {
		if err := l.setMask(m); err != nil {
			return err
		}
		for part := range e.chain.parts {
			// The first run makes the base's codes, the others draft those of a trial with a change in the part.
			j := job{mask: m, first: len(e.chain.parts), trial: uint64(part + 1)}
			if part > 0 {
				if j.first = part; s.at(0, part) != part {
					continue // without memory it is not entered there
				}
			}
			err := s.enter(l, j, part, p)
			if err == nil {
				err = l.runPart(e.data.blocks[0], part)
			}
			s.left(l, j, p, err == nil)
			if err != nil {
				return err
			}
			rows, err := l.rows(e.judge.output)
			if err != nil {
				return err
			}
			same = same && sameBits(want, rows)
			for _, t := range s.tensors {
				if sl := &t.slots[0]; sl.valid && sl.owner == j.trial {
					same = same && l.same(sl.base, sl.draft)
				}
			}
		}
		return nil
	})
	return same, err
}
