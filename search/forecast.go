package search

import "time"

// A Forecast estimates the remaining time of a search, as a range. It follows the events and multiplies two estimates:
// the trials that the strategy may still run, and the time of a trial so far. It has no effect on the search. It must
// not be used by two goroutines at a time.
//
// The factors below are fitted to recorded searches (Makefile, target forecast); where little is known the range is
// wide rather than wrong. docs/watching.md has the measured quality.
//
// Use it so, with the start of the program as the origin of all times:
//
//	f := search.NewForecast(name, options.Budget)
//	options.Progress = func(e search.Event) { f.Add(time.Since(start), e) }
//	least, most, ok := f.Left(time.Since(start))
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
	proving  moment   // the part of the proof under way began, if there is one
}

// A moment is an event with its time since the start of the program.
type moment struct {
	at    time.Duration
	event Event
}

// Windows of the recent rates: later trials start later in the network, or earlier, so that the average of all says
// little about the next.
const (
	recentTrials = 10
	recentMoves  = 6
)

// NewForecast returns a forecast for a search with the named strategy and budget; "" is the default strategy. For an
// unknown strategy Left never has an estimate.
func NewForecast(strategy string, b Budget) *Forecast {
	s, _ := byName(strategy)
	return &Forecast{strategy: s, budget: b}
}

// Again returns a new forecast for a search with the same strategy and budget.
func (f *Forecast) Again() *Forecast { return &Forecast{strategy: f.strategy, budget: f.budget} }

// Add takes in an event of the search; at is its time since the start of the program.
func (f *Forecast) Add(at time.Duration, e Event) {
	m := moment{at, e}
	switch {
	case e.Kind == EventProof && e.Proof.Done == 0:
		f.proving = m
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

// lastOf returns the last n elements of a list, which it shares.
func lastOf(list []moment, n int) []moment { return list[max(0, len(list)-n):] }

// ranking reports whether the strategy ranks by distance, which needs no trials.
func (f *Forecast) ranking() bool { return f.strategy.outlook.ranked != [2]float64{} }

// Shares of the time from the start of the program to the first trials that exporting and checking the mix takes, after
// the search: both read, compile and run the network.
const (
	leastFinish = 0.15
	mostFinish  = 0.65
)

// Left returns the range of the remaining time of the program, from now, a time since the start of the program. ok is
// false before the endpoints are scored and a few trials have run, and for an unknown strategy.
func (f *Forecast) Left(now time.Duration) (least, most time.Duration, ok bool) {
	if !f.begun {
		return 0, 0, false
	}
	low, high, ok := f.search()
	if f.last.event.Proof.Mixes > 0 {
		low, high, ok = f.proof()
	}
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

// proof returns the range of the remaining seconds of the part of a proof that is under way. What comes after it is not
// known.
func (f *Forecast) proof() (least, most float64, ok bool) {
	p := f.last.event.Proof
	each := p.Each.Seconds()
	if gone := (f.last.at - f.proving.at).Seconds(); p.Done > 0 && gone > 0 {
		each = gone / float64(p.Done)
	}
	rest := (p.Mixes - float64(p.Done)) * each
	return 0.6 * rest, 1.5 * rest, each > 0
}

// seconds is a duration of s seconds.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// search returns the range of the strategy's remaining seconds, from the last event on.
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

// cost returns the range of the seconds of a trial: the average of all trials since the moment from, and of the recent
// ones, the smaller first. trials is the number of the former.
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
