package trial

import (
	"context"
	"fmt"
	"math"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/internal/stage"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// A LastTry is a unit that a search has left at int16, tried at int8 with the low grids of another range method.
type LastTry struct {
	Unit   int           `json:"unit"`
	Method string        `json:"method"`
	Held   bool          `json:"held"`            // the mix is above the target with it, so it has gone
	Score  *search.Score `json:"score,omitempty"` // of the mix, if it held
}

// LastTries are the tries behind a search, whose mix has the units of high at int16, those that are tried first in
// front. What the mix has at int8 keeps its grids: with it, all networks of the tries compute the same.
type LastTries struct {
	Mask  search.Mask
	Score search.Score
	High  []int   // units
	Above float64 // the target
	Left  int     // how many tries there may be, known ones among them; below 0: any number
	// tries that an earlier session has made of this mix, in their order; TryLast appends its own
	Tries []LastTry
	Keep  func([]LastTry) error // is told of all tries behind each one that was run

	Records []quant.Record // of the network with what has held
	Samples float64        // what the tries have cost, in passes of a sample
	Cut     bool           // there were more than may be

	replayed int
	order    []int // of the samples, by the margins of the mix
}

// TryLast makes the tries, in rounds: in each of them all units that are left are tried with the next low grids of
// their own, one after the other on top of what has held. A unit has a round for each of its grids that differs from
// the one of the search and from each other, in the order of the range methods. It changes mask, score and records.
func (s *Runner) TryLast(ctx context.Context, t *LastTries) error {
	t.Mask, t.Records = t.Mask.Clone(), slices.Clone(s.Records)
	others := map[int][]otherGrids{}
	rounds := 0
	for _, u := range t.High {
		others[u] = s.otherLow(s.Units()[u])
		rounds = max(rounds, len(others[u]))
	}
	work := s.Config.Begin(stage.Last, "rounds", rounds, 0)
	defer work.End()
	for round := range rounds {
		var tried []roundTry
		records := slices.Clone(t.Records)
		for _, u := range t.High {
			holders := s.Units()[u]
			if t.Mask.Low(holders[0]) || round >= len(others[u]) {
				continue
			}
			one := others[u][round]
			tried = append(tried, roundTry{u, one.method})
			for i, h := range holders {
				records[h].Low = one.low[i]
			}
		}
		if err := s.tryRound(ctx, t, tried, records); err != nil || t.Cut {
			return err
		}
		work.One()
	}
	return nil
}

// otherGrids are low grids that a unit may have instead, by holder of it.
type otherGrids struct {
	method string
	low    []quant.Grid
}

// otherLow are those of a unit's holders.
func (s *Runner) otherLow(holders []int) (list []otherGrids) {
	now := make([]quant.Grid, len(holders))
	for i, h := range holders {
		now[i] = s.Records[h].Low
	}
	seen := []otherGrids{{low: now}}
	for _, c := range s.Others {
		one := otherGrids{method: string(c.Method)}
		for _, h := range holders {
			one.low = append(one.low, c.Low[h])
		}
		if !slices.ContainsFunc(seen, func(o otherGrids) bool { return slices.Equal(o.low, one.low) }) {
			seen, list = append(seen, one), append(list, one)
		}
	}
	return list
}

// roundTry is a unit with the grids of a method.
type roundTry struct {
	unit   int
	method string
}

// tryRound makes the tries of a round, whose network has these records. Those that are known are not run.
func (s *Runner) tryRound(ctx context.Context, t *LastTries, tried []roundTry, records []quant.Record) error {
	for len(tried) > 0 && t.replayed < len(t.Tries) && t.Tries[t.replayed].is(tried[0]) {
		s.entered(t, t.Tries[t.replayed], records)
		tried, t.replayed, t.Left = tried[1:], t.replayed+1, t.Left-1
	}
	switch {
	case len(tried) == 0:
		return nil
	case t.Left == 0:
		t.Cut = true
		return nil
	}
	t.Tries = t.Tries[:t.replayed] // of another version of this mix, if there are more
	return s.WithRecords(ctx, records, func(e *backend.Evaluator) (err error) {
		if err := s.arrangeLast(ctx, t, e); err != nil {
			return err
		}
		defer func() { t.Samples += e.Stats().Samples }()
		for _, one := range tried {
			if t.Left == 0 {
				t.Cut = true
				return nil
			}
			with := t.Mask.Clone()
			with.DemoteAll(s.Units()[one.unit])
			found, err := e.Scan(ctx, t.Mask, []search.Mask{with}, search.Bound{Above: t.Above, Floor: math.Inf(1)})
			if err != nil {
				return err
			}
			made := LastTry{Unit: one.unit, Method: one.method, Held: found.Passed}
			if found.Passed {
				made.Score = &found.Score
			}
			s.entered(t, made, records)
			t.Tries, t.Left = append(t.Tries, made), t.Left-1
			t.replayed = len(t.Tries)
			if err := t.Keep(t.Tries); err != nil {
				return err
			}
		}
		return nil
	})
}

// is tells whether a try is the one that comes now.
func (l LastTry) is(r roundTry) bool { return l.Unit == r.unit && l.Method == r.method }

// entered makes a try that has held part of the mix.
func (s *Runner) entered(t *LastTries, l LastTry, records []quant.Record) {
	if !l.Held {
		return
	}
	holders := s.Units()[l.Unit]
	t.Mask.DemoteAll(holders)
	t.Score = *l.Score
	for _, h := range holders {
		t.Records[h].Low = records[h].Low
	}
}

// arrangeLast lays the samples out by the margins of the mix, and the first time sees that the mix scores what the
// search says: the grids of what it has at int16 cannot matter.
func (s *Runner) arrangeLast(ctx context.Context, t *LastTries, e *backend.Evaluator) error {
	if t.order != nil {
		return e.ArrangeLike(t.order)
	}
	score, err := e.ScoreArranged(ctx, t.Mask)
	if err != nil {
		return err
	}
	t.order = slices.Clone(e.Order())
	if score.Float() != t.Score.Float() && s.AsWritten() {
		return fmt.Errorf("the mix scores %s with other grids of what stays at int16, and scored %s in the search", s.Text(score), s.Text(t.Score))
	}
	return nil
}

// Aside is a runner of the same network with records of its own, beside that of the search, which stays as it is. Its
// evaluator is opened by OpenAside; done gives back what it computes on, behind that.
func (s *Runner) Aside(ctx context.Context) (aside *Runner, done func(), err error) {
	r, p := *s, *s.Task
	r.Task, r.Ev = &p, nil
	done, err = r.BesideSearch(ctx)
	return &r, done, err
}

// OpenAside opens the evaluator of a runner that is beside a search's. It knows one score.
func (s *Runner) OpenAside(ctx context.Context, records []quant.Record, mask search.Mask, score search.Score) error {
	o, err := s.TrialOptions()
	if err != nil {
		return s.WithCure(err)
	}
	o.Cache = 0
	s.Records = records
	if s.Ev, err = s.openSwitchable(ctx, o, nil); err != nil {
		return err
	}
	s.Ev.Restore(mask, score)
	return nil
}
