package run

import (
	"context"
	"fmt"

	"example.org/demote/internal/both"
	"example.org/demote/internal/record"
	"example.org/demote/internal/written"
	"example.org/demote/result"
	"example.org/demote/search"
)

// evaluator is what strategies ask: the exact session, and with --session default the lower of a mix's two scores. Of
// the mix that a search for a target begins with only the exact one counts until the search is over: another one may
// hold in both sessions where it does not.
func (s *searchRun) evaluator() search.Evaluator {
	if s.Config.Session != "default" {
		return s.exact()
	}
	if s.inDefault == nil {
		s.inDefault = s.checker().ScoreWritten
	}
	s.Result.Sessions, s.sessions = nil, map[string]bool{}
	e := &both.Evaluator{First: s.exact(), Second: s.askDefault}
	if !s.within {
		e.Exempt = s.Layout.Pinned
	}
	return e
}

// exactScore is the score of a mix in the exact session, where the search has had the lower one of two.
func (s *searchRun) exactScore(m search.Mask, score search.Score) search.Score {
	if s.Config.Session != "default" || m.Len() == 0 {
		return score
	}
	if exact, known := s.Ev.Known(m); known {
		return exact
	}
	return score
}

// holdBase asks for the score in a default session of the mix that the search began with, if it has found no other.
// lost is ErrUnreachable if the target is missed there.
func (s *searchRun) holdBase(ctx context.Context, f *search.Result, done bool) (lost, err error) {
	if s.Config.Session != "default" || s.within || !f.Holds || !f.Mask.Equal(s.Layout.Pinned) {
		return nil, nil
	}
	var score search.Score
	if done {
		score, err = s.askDefault(ctx, f.Mask)
	}
	if !done || ctx.Err() != nil {
		s.Warn("default-session-unasked", "the mix holds in the exact session; the default session was not evaluated yet", "the same command resumes it")
		return ctx.Err(), nil
	}
	if err != nil || s.holds(score) {
		return nil, err
	}
	f.Holds = false
	if p := f.Proof; p != nil && p.Minimal { // that nothing else holds
		own := *p
		own.From, own.Least = -1, len(s.Units())+1
		f.Proof = &own
	}
	s.book(*f)
	best := score
	for _, other := range s.Result.Sessions {
		if v := record.Search(other.Default, s.Metric.Lower); v.Float() > best.Float() {
			best = v
		}
	}
	return fmt.Errorf("%w in a default session: %s", ErrUnreachable, written.OrSaturation(fmt.Sprintf("the best there of %d mixes is %s, the target is %s",
		len(s.Result.Sessions), s.Text(best), s.Config.Target))), nil
}

// tellRefused says how many mixes the default session alone has kept out.
func (s *searchRun) tellRefused() {
	refused := 0
	for _, one := range s.Result.Sessions {
		if one.Exact != nil && s.holds(record.Search(one.Exact, s.Metric.Lower)) && !s.holds(record.Search(one.Default, s.Metric.Lower)) {
			refused++
		}
	}
	if refused > 0 && !s.within {
		s.Warn("default-session-refused", fmt.Sprintf("%d of %d mixes were left since they hold in the exact session only", refused, len(s.Result.Sessions)), written.Saturation())
	}
}

// checker is what checks files of this search.
func (s *searchRun) checker() *written.Checker {
	return &written.Checker{Runner: s.Runner, Elsewhere: s.elsewhere, Unscored: s.unscored, Holds: s.holds, Before: s.rerun}
}

// askDefault scores a mix in a default session, or remembers what this run has learnt before. The result lists it.
func (s *searchRun) askDefault(ctx context.Context, m search.Mask) (score search.Score, err error) {
	known, key := false, m.Key()
	if s.journal != nil {
		if score, known, err = s.journal.InDefault(m, s.limits()); err != nil {
			return score, err
		}
	}
	if !known {
		if score, known = s.defaults[key]; !known {
			if score, err = s.inDefault(ctx, m); err != nil {
				return score, err
			}
		}
		if s.journal != nil {
			if err = s.journal.LearntInDefault(m, score); err != nil {
				return score, err
			}
		}
	}
	if s.defaults != nil {
		s.defaults[key] = score
	}
	if !s.sessions[key] {
		s.sessions[key] = true
		one := result.SessionMix{Low: m.Count(), Default: record.Score(score, s.Metric.Lower)}
		if exact, known := s.Ev.Known(m); known {
			one.Exact = record.Score(exact, s.Metric.Lower)
		}
		s.Result.Sessions = append(s.Result.Sessions, one)
		s.Config.Say(fmt.Sprintf("%s: %s in a default session", s.Config.LowText(m.Count(), m.Len()), s.Text(score)))
	}
	return score, nil
}
