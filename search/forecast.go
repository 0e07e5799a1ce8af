package search

import (
	"math"
	"time"
)

// A Forecast says how long a search will still take, as a range. It follows the events and knows how each strategy goes:
// how many trials it may still ask for, and what a trial has cost so far. It decides nothing.
//
// The factors below are fitted to recorded searches (Makefile, target forecast); docs/watching.md has what comes out.
type Forecast struct {
	strategy string
	budget   Budget
	begun    bool
	begin    moment   // the 8-bit endpoint is scored: the strategy begins
	order    moment   // the last ranked unit
	ordered  int      // ranked units
	last     moment   // the last event
	recent   []moment // the last trials, oldest first
	moves    []moment // the last moves, oldest first
}

// A moment is an event and when it was told, since the start of the program.
type moment struct {
	at    time.Duration
	event Event
}

// Windows of the rates of late.
const (
	recentTrials = 10
	recentMoves  = 6
)

// NewForecast follows a search by the named strategy, "" being the default, with its budget.
func NewForecast(strategy string, b Budget) *Forecast {
	if strategy == "" {
		strategy = strategies[0].Name
	}
	return &Forecast{strategy: strategy, budget: b}
}

// Add takes in an event that was told so long after the start of the program.
func (f *Forecast) Add(at time.Duration, e Event) {
	m := moment{at, e}
	switch {
	case e.Kind == EventLow:
		f.begun, f.begin, f.recent, f.moves = true, m, nil, nil
	case e.Kind == EventOrder:
		f.ordered++
		f.order = m
	case e.Kind == EventMove:
		f.moves = lastOf(append(f.moves, m), recentMoves)
	}
	if f.ranking() && e.Kind == EventOrder { // the rates of ranking are no rates of trials
		f.recent = nil
	}
	if len(f.recent) == 0 || e.Trials > f.recent[len(f.recent)-1].event.Trials {
		f.recent = lastOf(append(f.recent, m), recentTrials+1)
	}
	f.last = m
}

func lastOf(list []moment, n int) []moment { return list[max(0, len(list)-n):] }

// ranking tells whether the strategy ranks by distance, which costs no trials.
func (f *Forecast) ranking() bool {
	return f.strategy == "auto" || f.strategy == "gallop" || f.strategy == "improve"
}

// Shares of the time from the start of the program to the first trials that exporting and checking the mix takes.
const (
	leastFinish = 0.15
	mostFinish  = 0.65
)

// Left is the range of the time that remains until the program is done. ok is false as long as nothing can be said: before
// the endpoints are scored and a few trials are run, and for a strategy that it does not know.
func (f *Forecast) Left(now time.Duration) (least, most time.Duration, ok bool) {
	if !f.begun {
		return 0, 0, false
	}
	low, high, ok := f.search()
	if !ok {
		return 0, 0, false
	}
	waited := (now - f.last.at).Seconds()
	low, high = max(low-waited, 0), max(high-waited, 0)
	if f.budget.Time > 0 {
		rest := max(f.budget.Time-now, 0).Seconds()
		low, high = min(low, rest), min(high, rest)
	}
	start := f.begin.at.Seconds()
	return seconds(low + leastFinish*start), seconds(high + mostFinish*start), true
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// search is the range in seconds that the strategy still takes, from the last event on.
func (f *Forecast) search() (least, most float64, ok bool) {
	units := float64(f.last.event.Units)
	from := f.begin
	if f.ranking() {
		if f.ordered < 3 {
			return 0, 0, false
		}
		each := (f.order.at - f.begin.at).Seconds() / float64(f.ordered)
		rest := max(units-float64(f.ordered), 0) * each
		few, many := f.afterRanking(units)
		from = f.order
		if rest > 0 || f.last.event.Trials-from.event.Trials < 3 {
			gone := (f.last.at - from.at).Seconds()
			return max(0.4*rest+few*each-gone, 0), max(1.25*rest+many*each-gone, 0), true
		}
	}
	trials := float64(f.last.event.Trials - from.event.Trials)
	if trials < 3 {
		return 0, 0, false
	}
	few, many, ok := f.trials(units, trials)
	if !ok {
		return 0, 0, false
	}
	if n := f.budget.Trials; n > 0 {
		rest := float64(max(n-f.last.event.Evaluations, 0))
		few, many = min(few, rest), min(many, rest)
	}
	cheap, dear := f.cost(from, trials)
	return 0.6 * few * cheap, 1.5 * many * dear, true
}

// afterRanking is what a strategy took after its ranking in the recorded searches, in steps of the ranking of 52 units.
func (f *Forecast) afterRanking(units float64) (least, most float64) {
	scale := units / 52
	switch f.strategy {
	case "gallop":
		return 8 * scale, 70 * scale
	case "improve":
		return 12 * scale, 800 * scale
	}
	return 12 * scale, 430 * scale
}

// trials is the range of how many trials a strategy still runs, having run some.
func (f *Forecast) trials(n, done float64) (least, most float64, ok bool) {
	e := f.last.event
	high := n - float64(e.Low) // units that the base has high
	switch f.strategy {
	case "rank":
		// Each unit alone, then each on top of the base; the first ones, at the head of the network, cost most.
		rest, share := max(2*n-done, 0), 0.6
		if done >= n {
			share = 0.8
		}
		return share * rest, rest, true
	case "prefix":
		rest, search, searched := max(n-done, 0), 2*math.Log2(max(n, 2)), max(done-n, 0)
		return 0.6*rest + max(0.4*search-searched, 0), rest + max(1.2*search-searched, 2), true
	case "bisect":
		return max(0.1*high-1.5, 0), max(2*high, 2), true
	case "gallop":
		return max(6-done, 0), max(30-done, 0.8*high+2), true
	case "auto", "improve":
		if f.strategy == "auto" && f.budget == (Budget{}) {
			// gallop, the retries of the units that it leaves high, and the swaps that improve has patience for.
			return max(8-done, 0.3*high), max(30-done, high) + high + n/patienceShare, true
		}
		if high >= 2 {
			return 0, max(6*n-done, 1.8*n), true
		}
		return 0, max(60-done, 5), true
	case "demotion":
		return f.descent(high)
	case "greedy":
		all := high * (high + 1) / 2
		return 0.5 * all, all, true
	}
	return 0, 0, false
}

// descent is the range of trials that the reference strategy still runs: as many a step as of late, or up to two and a half
// times as many, but never more than there are units left at each step.
func (f *Forecast) descent(high float64) (least, most float64, ok bool) {
	if len(f.moves) < 3 {
		return 0, 0, false
	}
	first, last := f.moves[0], f.moves[len(f.moves)-1]
	each := max(float64(last.event.Trials-first.event.Trials)/float64(len(f.moves)-1), 1)
	all := high * (high + 1) / 2
	most = min(all, 2.5*each*high+5)
	least = max(0.5*high*min(each, (high+1)/2), 0.8*high)
	return min(least, most), most, true
}

// cost is the range of what a trial costs in seconds: on the whole, and of late.
func (f *Forecast) cost(from moment, trials float64) (least, most float64) {
	whole := (f.last.at - from.at).Seconds() / trials
	late := whole
	if n := len(f.recent); n > 1 {
		first, last := f.recent[0], f.recent[n-1]
		if d := last.event.Trials - first.event.Trials; d > 0 && last.at > first.at {
			late = (last.at - first.at).Seconds() / float64(d)
		}
	}
	return min(whole, late), max(whole, late)
}
