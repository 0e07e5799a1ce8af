package run

import (
	"context"
	"errors"
	"fmt"
	"math"

	"example.org/demote/internal/record"
	"example.org/demote/internal/written"
	"example.org/demote/result"
	"example.org/demote/search"
)

// holdInDefault walks the chain back, for --session default, to the first mix that holds the target
// in a default session of ONNX Runtime too, and makes it what the search found: the most demoted one
// comes first. lost is ErrUnreachable if there is none, not even the 16-bit network; then the mix that
// scores best in a default session is left. It is the context's error if the walk was interrupted,
// which leaves the search's own mix.
func (s *searchRun) holdInDefault(ctx context.Context, f *search.Result, done bool) (lost, err error) {
	if s.Config.Session != "default" || !f.Holds {
		return nil, nil
	}
	if s.inDefault == nil {
		s.inDefault = s.checker().ScoreWritten
	}
	s.Result.Sessions = nil
	mix, best := *f, *f
	mix.Mask, mix.Notes = f.Mask.Clone(), nil
	most, found := search.Score{Value: math.Inf(-1)}, false
	way, units := wayBack(f, s.Units()), s.Units()
	for next := 0; done && !found; next++ {
		if s.holds(mix.Score) {
			score, err := s.askDefault(ctx, mix.Mask)
			if errors.Is(err, context.Canceled) {
				break
			} else if err != nil {
				return nil, err
			}
			s.Result.Sessions = append(s.Result.Sessions, result.SessionMix{Low: mix.Mask.Count(), Exact: record.Score(mix.Score, s.Metric.Lower), Default: record.Score(score, s.Metric.Lower)})
			s.Config.Say(fmt.Sprintf("%d of %d activations in int8: %s in a default session", mix.Mask.Count(), mix.Mask.Len(), s.Text(score)))
			found = s.holds(score)
			if found || score.Float() > most.Float() {
				most, best = score, mix
				best.Mask = mix.Mask.Clone()
			}
		}
		if found || next == len(way) {
			break
		}
		for _, u := range way[next] {
			for _, h := range units[u] {
				mix.Mask.Promote(h)
			}
		}
		mix.Promotion = append(mix.Promotion[:len(mix.Promotion):len(mix.Promotion)], way[next]...)
		if mix.Score, err = s.Ev.Score(ctx, mix.Mask); errors.Is(err, context.Canceled) {
			break
		} else if err != nil {
			return nil, err
		}
	}
	if !done || ctx.Err() != nil {
		s.Warn("default-session-unasked", "the mix holds in the exact session; the default session was not evaluated yet", "the same command resumes it")
		return ctx.Err(), nil
	}
	if back := f.Mask.Count() - best.Mask.Count(); found && back > 0 {
		s.Warn("default-session-walked-back", fmt.Sprintf("%d activations went back to int16, so that the target holds in a default session too: %s there", back, s.Text(most)), written.Saturation())
	}
	best.Holds = found
	*f = best
	s.book(best)
	if !found {
		return fmt.Errorf("%w in a default session: %s", ErrUnreachable, written.OrSaturation(fmt.Sprintf("the best there of %d mixes on the chain is %s, the target is %s",
			len(s.Result.Sessions), s.Text(most), s.Config.Target))), nil
	}
	return nil, nil
}

// checker is what checks files of this search.
func (s *searchRun) checker() *written.Checker {
	return &written.Checker{Runner: s.Runner, Elsewhere: s.elsewhere, Unscored: s.unscored, Holds: s.holds}
}

// wayBack lists the units of a mix in the order in which they go back to int16: those that the chain
// demoted last first, what was demoted together together, and then what the chain does not tell of.
func wayBack(f *search.Result, units [][]int) [][]int {
	var way [][]int
	seen := make([]bool, len(units))
	group := -1
	for i := len(f.Chain) - 1; i >= 0; i-- {
		step := f.Chain[i]
		if step.Promoted || seen[step.Unit] || !f.Mask.Low(units[step.Unit][0]) {
			continue
		}
		seen[step.Unit] = true
		if step.Group == group {
			way[len(way)-1] = append(way[len(way)-1], step.Unit)
			continue
		}
		way, group = append(way, []int{step.Unit}), step.Group
	}
	for i := len(units) - 1; i >= 0; i-- {
		u := i
		if len(f.Order) == len(units) {
			u = f.Order[i]
		}
		if !seen[u] && f.Mask.Low(units[u][0]) {
			way = append(way, []int{u})
		}
	}
	return way
}

// askDefault scores a mix in a default session, or remembers what this run has learnt before.
func (s *searchRun) askDefault(ctx context.Context, m search.Mask) (search.Score, error) {
	if s.journal != nil {
		if score, known, err := s.journal.InDefault(m, s.limits()); known || err != nil {
			return score, err
		}
	}
	score, err := s.inDefault(ctx, m)
	if err == nil && s.journal != nil {
		err = s.journal.LearntInDefault(m, score)
	}
	return score, err
}
