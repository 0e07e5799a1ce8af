package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"example.org/demote/mistake"
	"example.org/demote/search/trial"
)

// errSpent ends a strategy whose budget of evaluations is used up.
var errSpent = errors.New("budget of evaluations spent")

// session is the state of a running search, which all strategies share: the evaluator, budgets and counters, the base,
// and the best mix so far. It belongs to one goroutine.
//
// A strategy asks by score and scan, or by try and walk, which also move the base. It reads the base and leaves moves
// to move and exchange, which keep the invariants: base has the pinned holders and whole units, and low of these are
// demoted; res.Mask is the best mix so far, of which best are; the chain leads from the start to the base.
type session struct {
	ctx     context.Context // the caller's, with the deadline of the time budget
	ev      Evaluator
	o       Options
	res     Result
	base    Mask         // the current mix, on which the strategy builds
	refused map[int]bool // units that did not hold alone on top of the base
	all     Mask         // every unit demoted
	length  int          // of the network, in places: see Options.Places
	floor   Score        // score of the 8-bit endpoint, or Result.AllLow if Result.LowRefused
	arena   []Mask       // candidates of the current scan, rebuilt in place
	seen    int          // evaluations, counted against the budget
	groups  int          // steps of the chain so far
	low     int          // demoted units of base
	best    int          // demoted units of res.Mask
	cut     bool         // climb's last list of moves was longer than its patience
	over    bool         // the endpoints have decided the search

	refusals int           // candidates of scans without a pass
	refusing time.Duration // the time of these scans
}

// run checks the options, scores the endpoints and runs a strategy, which only runs if neither endpoint decides. name
// is the strategy's, for Result and errors. The end of a budget is no error.
func run(ctx context.Context, ev Evaluator, o Options, name string, strategy func(*session) error) (Result, error) {
	if err := o.prepare(); err != nil {
		return Result{Strategy: name, Stop: StopError}, err
	}
	s := &session{ev: ev, o: o, base: o.Pinned.Clone(), all: o.Pinned.Clone(), refused: map[int]bool{}}
	for _, holders := range o.Units {
		s.all.DemoteAll(holders)
	}
	for _, place := range o.Places {
		s.length = max(s.length, place+1)
	}
	s.res = Result{Strategy: name, Mask: o.Pinned.Clone(), Order: make([]int, len(o.Units))}
	for u := range s.res.Order {
		s.res.Order[u] = u
	}
	s.ctx = ctx
	if o.Budget.Time > 0 {
		var cancel context.CancelFunc
		s.ctx, cancel = context.WithDeadline(ctx, time.Now().Add(o.Budget.Time))
		defer cancel()
	}
	err := s.endpoints()
	if err == nil && !s.over {
		err = s.start()
	}
	if err == nil && !s.over {
		s.enter(name)
		err = strategy(s)
	}
	if s.o.Proof != nil {
		s.enter(StepProof)
		err = s.prove(ctx, err)
	}
	s.res.Promotion = s.promotion()
	s.res.Holds = s.res.Found && (s.o.free || s.holds(s.res.Score))
	if err == nil && s.o.Curve {
		s.enter(StepCurve)
		err = s.curve()
	}
	return s.end(ctx, err)
}

// end translates the error of a strategy into Result.Stop: errSpent and the deadline of the time budget are no errors
// for the caller, a deadline or the cancellation of the caller's own context is.
func (s *session) end(ctx context.Context, err error) (Result, error) {
	switch {
	case err == nil:
		s.res.Stop = StopDone
	case errors.Is(err, errSpent):
		s.res.Stop, err = StopTrials, nil
	case ctx.Err() == nil && s.ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded):
		s.res.Stop, err = StopTime, nil
	default:
		s.res.Stop = StopError
		return s.res, fmt.Errorf("search %s after %d evaluations: %w", s.res.Strategy, s.res.Evaluations, err)
	}
	if s.o.Curve && s.res.Stop != StopDone {
		s.note("curve-cut", "the curve is not whole: the budget was spent before its end", "a larger --evaluations or --time finishes it")
	}
	return s.res, err
}

// promotion lists the high units of the mix, in the reverse of the strategy's order: the unit that it would demote
// last, because it harms most, comes first.
func (s *session) promotion() []int {
	list := []int{}
	for i := len(s.res.Order) - 1; i >= 0; i-- {
		if u := s.res.Order[i]; !s.res.Mask.Low(s.o.Units[u][0]) {
			list = append(list, u)
		}
	}
	return list
}

// score evaluates a mask in full and counts it. The error is errSpent if the budget is used up, else the evaluator's.
func (s *session) score(m Mask) (Score, error) {
	if s.left() == 0 {
		return Score{}, errSpent
	}
	sc, err := s.ev.Score(s.ctx, m)
	if err != nil {
		return Score{}, err
	}
	s.seen++
	s.res.Evaluations++
	return sc, nil
}

// scan asks the evaluator and counts the candidates that NaiveScan looks at: up to the one that passes, or all. A scan
// that is longer than the rest of the budget is cut; if no candidate within it passes, the search ends with errSpent,
// because the best of a part is not the best of the scan.
func (s *session) scan(candidates []Mask, b Bound) (Found, error) {
	return s.scanOn(s.base, candidates, b)
}

// scanOn is scan on a base that is not the session's.
func (s *session) scanOn(base Mask, candidates []Mask, b Bound) (Found, error) {
	cut := false
	if left := s.left(); left < len(candidates) {
		if left == 0 {
			return Found{Index: -1}, errSpent
		}
		candidates, cut = candidates[:left], true
	}
	f, err := s.ask(base, candidates, b)
	if err != nil {
		return f, err
	}
	looked := len(candidates)
	if f.Passed {
		looked = f.Index + 1
	}
	s.seen += looked
	s.res.Evaluations += looked
	if cut && !f.Passed {
		return Found{Index: -1}, errSpent
	}
	return f, nil
}

// ask is scanOn that counts nothing.
func (s *session) ask(base Mask, candidates []Mask, b Bound) (Found, error) {
	begun := time.Now()
	f, err := s.ev.Scan(s.ctx, base, candidates, b)
	if err != nil {
		return Found{Index: -1}, err
	}
	if !f.Passed {
		s.refusals, s.refusing = s.refusals+len(candidates), s.refusing+time.Since(begun)
	}
	return f, nil
}

// left returns the number of evaluations that the budget still allows.
func (s *session) left() int {
	end := math.MaxInt
	if s.o.Budget.Trials > 0 {
		end = s.o.Budget.Trials
	}
	return max(0, end-s.seen)
}

// candidates returns n masks of the arena, with undefined bits. They are valid until the next call: no scan allocates,
// and an evaluator that keeps a candidate must clone it.
func (s *session) candidates(n int) []Mask {
	if n > len(s.arena) {
		s.arena = trial.NewMasks(s.o.Holders, max(n, len(s.o.Units)))
	}
	return s.arena[:n]
}

// singles returns, for each listed unit, the base with that unit demoted: the candidates of a scan, O(n) words each.
// The masks are the arena's, see candidates.
func (s *session) singles(units []int) []Mask {
	list := s.candidates(len(units))
	for i, u := range units {
		list[i].CopyFrom(s.base)
		list[i].DemoteAll(s.o.Units[u])
	}
	return list
}

// holds says whether a score is above the target, strictly. A NaN is not.
func (s *session) holds(sc Score) bool { return sc.Float() > s.o.Target }

// enter says that a part of the strategy begins.
func (s *session) enter(step string) {
	if s.o.Step != nil {
		s.o.Step(step)
	}
}

// report sends an event to Options.Progress, with the score of what the kind names.
func (s *session) report(kind EventKind, sc Score) {
	if s.o.Progress != nil {
		s.o.Progress(Event{Kind: kind, Evaluations: s.res.Evaluations, Score: sc, Low: s.low, Units: len(s.o.Units), BestLow: s.best})
	}
}

// take makes a mix the result, whether or not it holds. It copies the mask.
func (s *session) take(m Mask, sc Score) {
	s.res.Mask.CopyFrom(m)
	s.res.Score = sc
	s.res.Saved, s.best = 0, 0
	for u, holders := range s.o.Units {
		if m.Low(holders[0]) {
			s.res.Saved += s.o.Cost[u]
			s.best++
		}
	}
}

// keep makes a mix that holds the result, and hands it to Options.Best, so that a search that is killed later has it.
// The error is that of Options.Best.
func (s *session) keep(m Mask, sc Score) error {
	s.take(m, sc)
	if s.o.Best == nil {
		return nil
	}
	return s.o.Best(Best{Mask: s.res.Mask, Score: sc, Saved: s.res.Saved, Evaluations: s.res.Evaluations})
}

// note adds a remark to the result, see Note.
func (s *session) note(id, text, cure string) {
	s.res.Notes = append(s.res.Notes, Note{id, mistake.Text(text), mistake.Text(cure)})
}
