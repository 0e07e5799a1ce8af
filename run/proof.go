package run

import (
	"fmt"
	"math"
	"slices"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/record"
	"example.org/demote/result"
	"example.org/demote/search"
)

// grouped tells whether some units are groups.
func (s *ledger) grouped() bool {
	return slices.ContainsFunc(s.Units(), func(holders []int) bool { return len(holders) > 1 })
}

// proven writes down what is proven of a mix: that of the search, or one that a later check has gone back to.
func (s *ledger) proven(f search.Result) {
	p := f.Proof
	if p == nil {
		return
	}
	r := &result.Proof{Limit: s.Config.Prove, Minimal: p.Minimal && f.Mask.Equal(p.Mask) && s.sharesAreTrue(f.Mask), Int16: len(f.Promotion), Units: len(s.Units()), Grouped: s.grouped(), Held: len(s.Layout.High) - len(s.Config.Held()),
		MostSaved: record.Finite(p.Most), Refuted: p.Refuted, Better: p.Better, Levels: []result.ProofLevel{}, Stop: string(p.Stop), Seconds: p.Time.Seconds(), SampleEvals: max(s.proofTo-s.proofFrom, 0)}
	if p.Least >= 0 {
		r.Least = new(p.Least)
	}
	if p.From >= 0 {
		r.From = new(p.From)
	}
	for _, l := range p.Levels {
		out := result.ProofLevel{Mixes: l.Mixes, Refuted: l.Refuted, Drawn: l.Drawn}
		if l.Size >= 0 {
			out.Int16 = new(l.Size)
		} else {
			out.Over = record.Finite(l.Over)
		}
		if l.AtMost > 0 {
			out.AtMost = new(l.AtMost)
		}
		r.Levels = append(r.Levels, out)
	}
	s.Result.Proof = r
}

// sharesAreTrue tells whether a mix saves what its units do by their shares, which a proof goes by: what would save
// more than it has more by the shares too, since they are never less.
func (s *ledger) sharesAreTrue(m search.Mask) bool {
	cost := s.costs.Chosen
	if cost.AddsUp() {
		return true
	}
	shares, _ := search.Saving(cost.Saves, m)
	_, high, _ := cost.Ends()
	return high-cost.Of(m) >= shares*(1-budgetSlack)
}

// sayProof tells of a part of the proof before it begins: how many mixes, and how long that may take.
func (s *runFolder) sayProof(e search.ProofEvent) {
	about := func(mixes float64) string {
		if e.Each == 0 {
			return ""
		}
		seconds := e.Each.Seconds() * mixes
		if seconds > (100 * 365 * 24 * time.Hour).Seconds() {
			return ", more than a hundred years"
		}
		return ", about " + timeText(time.Duration(seconds*float64(time.Second)))
	}
	if e.Size <= 0 && !e.Drawing && e.Before > 0 {
		s.Config.Say(fmt.Sprintf("proof: %s would save more than this one%s if all are to be refuted (--prove %s)", result.Mixes(e.Before), about(e.Before), s.Config.Prove))
	}
	switch {
	case e.Drawing && e.Mixes > 0:
		s.Config.Say(fmt.Sprintf("proof: up to %s drawn at random, with %d and more at int16%s", result.Mixes(e.Mixes), e.Size, about(e.Mixes)))
	case e.Drawing || e.Size == 0:
	case e.Size < 0:
		s.Config.Say(fmt.Sprintf("proof: the next best %s%s", result.Mixes(e.Mixes), about(e.Mixes)))
	default:
		s.Config.Say(fmt.Sprintf("proof: %s with %d at int16%s", result.Mixes(e.Mixes), e.Size, about(e.Mixes)))
	}
}

// timeText writes a time as a person says it.
func timeText(d time.Duration) string {
	switch {
	case d < time.Second:
		return "a second"
	case d < 48*time.Hour:
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// sayMasksToRefute says for --dry-run how many mixes a proof is about.
func (s *searchRun) sayMasksToRefute() {
	limit, _ := s.Config.ProofLimit()
	if limit == nil {
		return
	}
	n := len(s.Units())
	if s.Config.Cost != config.CostCount {
		s.Config.Say(fmt.Sprintf("proof: the mixes that save more than the result by the cost %s, of %s in all, those that save most first; --prove %s ends it", s.Config.Cost, result.Mixes(math.Pow(2, float64(n))), s.Config.Prove))
		return
	}
	most := min(4, n)
	if limit.Units > 0 {
		most = min(limit.Units, n)
	}
	for size := range most + 1 {
		s.Config.Say(fmt.Sprintf("proof: %s with %d of %d at int16", result.Mixes(search.HighMixes(n, size)), size, n))
	}
	s.Config.Say(fmt.Sprintf("proof: up to the number that the result leaves at int16, or --prove %s; the time is told before each part begins", s.Config.Prove))
}
