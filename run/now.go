package run

import (
	"time"

	"example.org/demote/internal/journal"
	"example.org/demote/search"
)

// nowEvery is how often a run writes down how it stands, at most.
const nowEvery = time.Second

// keepNow writes down, for who watches from outside, how the search stands behind a trial. It is no part of what is
// resumed: if it cannot be written, the scores cannot be either, and that is said there.
func (s *runFolder) keepNow(e search.Event, m search.Mask) {
	if s.journal == nil || time.Since(s.nowKept) < nowEvery {
		return
	}
	s.nowKept = time.Now()
	n := journal.Now{At: s.nowKept, Event: string(s.trials.event.Kind), Evaluations: e.Evaluations, Trials: e.Trials, Low: e.Low, Units: e.Units, BestLow: e.BestLow,
		Seconds: time.Since(s.Started).Seconds(), Mask: m.String()}
	if s.Config.Left != nil {
		if least, most, known := s.Config.Left(); known {
			n.Left = &[2]float64{max(0, least.Seconds()), most.Seconds()}
		}
	}
	if e.Proof.Mixes > 0 {
		n.Proof = &e.Proof
	}
	_ = s.journal.KeepNow(n)
}
