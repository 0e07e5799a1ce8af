package search

import "time"

// A Forecast says how long a search will still take, as a range. It follows the events and knows how each strategy goes:
// how many trials it may still ask for, and what a trial has cost so far. It decides nothing.
//
// The factors below are fitted to recorded searches (Makefile, target forecast); docs/watching.md has what comes out.
type Forecast struct {
	strategy Strategy
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
	s, _ := byName(strategy) // of another one nothing is said
	return &Forecast{strategy: s, budget: b}
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
func (f *Forecast) ranking() bool { return f.strategy.outlook.ranked != [2]float64{} }

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
		ranked, scale := f.strategy.outlook.ranked, units/52
		few, many := ranked[0]*scale, ranked[1]*scale
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
	if f.strategy.outlook.left == nil {
		return 0, 0, false
	}
	few, many, ok := f.strategy.outlook.left(f, units, trials, units-float64(f.last.event.Low))
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
