package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"example.org/demote/internal/record"
	"example.org/demote/internal/trial"
	"example.org/demote/result"
	"example.org/demote/search"
)

// triesLast tells whether the activations that a search has left at int16 are tried with the low grids of other range
// methods: they are where methods were chosen among several and the search for a target has come to its end. Proofs,
// curves and scores of a default session are of the one network that was searched, and biases on int32 grids go by the
// grids that were chosen.
func (s *searchRun) triesLast(f *search.Result) bool {
	c := s.Config
	return s.Others != nil && !s.within && f.Holds && f.Stop == search.StopDone && len(f.Promotion) > 0 &&
		c.Prove == "" && !c.Curve && c.Session != "default" && c.Bias == "float"
}

// tryLast makes these tries, and goes on with what they make of the mix: a network of its own grids, and an evaluator
// of it. back returns to that of the search, for the next target of a list. The tries that are decided are kept when
// it is interrupted.
func (s *searchRun) tryLast(ctx context.Context, f *search.Result) (back func(), err error) {
	back = func() {}
	if !s.triesLast(f) {
		return back, nil
	}
	t := &trial.LastTries{Mask: f.Mask, Score: f.Score, High: slices.Clone(f.Promotion), Above: s.above, Left: -1}
	slices.Reverse(t.High) // the one that harms least first
	if s.Config.Trials > 0 {
		t.Left = max(0, s.Config.Trials-f.Evaluations)
	}
	if t.Tries, err = s.recallTries(f.Mask); err != nil {
		return back, err
	}
	t.Keep = func(tries []trial.LastTry) error { return s.keepTries(f.Mask, tries) }
	aside, done, err := s.Aside(ctx)
	own, stays := s.Runner, false
	defer func() {
		if !stays {
			done()
		}
	}()
	if err != nil {
		return back, err
	}
	within, stop := ctx, func() {}
	if s.Config.Time > 0 {
		within, stop = context.WithDeadline(ctx, s.Started.Add(s.Config.Time))
	}
	err = aside.TryLast(within, t)
	stop()
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err, f.Stop = nil, search.StopTime
	}
	if t.Cut {
		f.Stop = search.StopTrials
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return back, err
	}
	s.tellTries(t)
	went := s.bookTries(f, t)
	s.count()
	s.before, s.counted = s.spent, time.Now()
	// tries are no scores of the journal: those of sessions before, too, are counted here
	s.before.Masks, s.before.Samples = s.before.Masks+len(t.Tries), s.before.Samples+t.Samples
	st := s.Ev.Stats()
	s.from = spentBy{st.Trials, st.Samples}
	if went == 0 {
		return back, err
	}
	if oerr := aside.OpenAside(context.WithoutCancel(ctx), t.Records, t.Mask, t.Score); oerr != nil {
		return back, oerr
	}
	stays = true
	s.Runner, s.searched, s.from = aside, own.Ev, spentBy{}
	return func() {
		aside.Ev.Close()
		done()
		s.Runner, s.searched = own, nil
	}, err
}

// bookTries enters the tries into the result, and those that have held into the search's. It returns how many have.
func (s *searchRun) bookTries(f *search.Result, t *trial.LastTries) (went int) {
	group := 0
	if n := len(f.Chain); n > 0 {
		group = f.Chain[n-1].Group + 1
	}
	s.Result.LastTries = nil
	for _, one := range t.Tries {
		holders := s.Units()[one.Unit]
		out := result.LastTry{Method: one.Method, Held: one.Held}
		for _, h := range holders {
			out.Holders = append(out.Holders, s.Network.Holders[h].Name)
			if one.Held && s.Network.Holders[h].Weights == nil {
				s.Result.Holders[h].Range, s.Result.Holders[h].Low = one.Method, record.Grid(t.Records[h].Low)
			}
		}
		if one.Held {
			out.Score = record.Score(*one.Score, s.Metric.Lower)
			f.Chain = append(f.Chain, search.Step{Unit: one.Unit, Holders: holders, Group: group + went, Recorded: *one.Score, True: *one.Score, TrueKnown: true})
			f.Promotion = slices.DeleteFunc(slices.Clone(f.Promotion), func(u int) bool { return u == one.Unit })
			went++
		}
		s.Result.LastTries = append(s.Result.LastTries, out)
	}
	f.Evaluations += len(t.Tries)
	f.Mask, f.Score = t.Mask, t.Score
	return went
}

// tellTries says what came of the tries.
func (s *searchRun) tellTries(t *trial.LastTries) {
	if len(t.Tries) == 0 {
		return
	}
	held := 0
	for _, one := range t.Tries {
		if one.Held {
			held++
		}
	}
	text := fmt.Sprintf("other ranges for what stays at int16: %d of %d tries hold", held, len(t.Tries))
	if t.Samples > 0 {
		text += fmt.Sprintf(", in %.1f passes over the samples", t.Samples/float64(s.Data.Len()))
	}
	s.Config.Say(text)
}

// triesOf are tries as the journal has them: of one mix.
type triesOf struct {
	Mask  string          `json:"mask"`
	Tries []trial.LastTry `json:"tries"`
}

// recallTries are the tries of a mix that an earlier session has made.
func (s *runFolder) recallTries(m search.Mask) ([]trial.LastTry, error) {
	text, err := s.journal.LastTries()
	var known triesOf
	if err != nil || text == "" || json.Unmarshal([]byte(text), &known) != nil || known.Mask != m.String() {
		return nil, err
	}
	if slices.ContainsFunc(known.Tries, func(one trial.LastTry) bool { return one.Held && one.Score == nil }) {
		return nil, nil // nothing that this program writes
	}
	return known.Tries, nil
}

// keepTries writes them down.
func (s *runFolder) keepTries(m search.Mask, tries []trial.LastTry) error {
	text, err := json.Marshal(triesOf{m.String(), tries})
	if err != nil {
		return err
	}
	return s.journal.KeepLastTries(string(text))
}
