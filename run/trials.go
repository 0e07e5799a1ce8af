package run

import (
	"math"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/internal/record"
	"example.org/demote/internal/stage"
	"example.org/demote/result"
	"example.org/demote/search"
)

// A trialBook follows the trials of a search as they are run: how much of the samples each has looked at, and how
// long it took. A trial that is left and taken up again stays one trial.
type trialBook struct {
	index   map[string]int // by the mask's key
	judged  []float64      // share of the samples, 0 to 1
	seconds []float64
	last    time.Time    // when the trial before was left
	proof   int          // trials of the proof, whose costs are not listed
	running int          // of these, the ones since the search's own last event
	event   search.Event // the search's own last event
}

// count is how many masks have been tried.
func (b *trialBook) count() int { return len(b.judged) + b.proof }

// book enters that a trial was left, or is over, with so much of the samples judged.
func (b *trialBook) book(m search.Mask, judged float64) {
	if b.index == nil {
		b.index = map[string]int{}
	}
	key := m.Key()
	i, known := b.index[key]
	if !known {
		i = len(b.judged)
		b.index[key] = i
		b.judged, b.seconds = append(b.judged, 0), append(b.seconds, 0)
	}
	now := time.Now()
	b.judged[i] = max(b.judged[i], min(judged, 1))
	b.seconds[i] += now.Sub(b.last).Seconds()
	b.last = now
}

// follow has the evaluator's trials written into the journal and told to who watches.
func (s *runFolder) follow() {
	samples := float64(s.Data.Len())
	s.trials.last = time.Now()
	s.Ev.Learnt = func(m search.Mask, score search.Score) error {
		s.tried(m, 1)
		if s.several() {
			s.unsure = append(s.unsure, m.String())
		}
		return s.journal.Learnt(m, score, s.Ev.PackKnown(m))
	}
	s.Ev.Stopped = func(m search.Mask, p bounds.Progress) error {
		s.tried(m, float64(s.Ev.Before(p.Blocks))/samples)
		if s.layout != "" && !s.arranged { // a search that is repeated up to its proof; these blocks are others
			return nil
		}
		outcomes, ok := s.Ev.PackProgress(p)
		if !ok {
			return nil
		}
		return s.journal.Stopped(m, p, outcomes)
	}
	s.Ev.Arranged = s.laidOut
	s.Compared = s.compared
}

// several says whether the samples are dealt to members.
func (s *runFolder) several() bool {
	return len(s.Among) > 1 || s.Config.Members > 1 || len(s.Config.Links) > 0
}

// compared takes note that members were held against each other. Where they are not the same any more, the journal
// forgets what was learnt since they were.
func (s *runFolder) compared(same bool) error {
	unsure := s.unsure
	s.unsure = nil
	if same {
		return nil
	}
	return s.journal.Unlearn(unsure)
}

// laidOut takes note that the samples are laid out for a mask: what the journal knows of unfinished trials holds from
// now on, or is forgotten.
func (s *runFolder) laidOut(mask search.Mask) error {
	s.arranged = true
	if s.layout == mask.String() {
		for _, tell := range s.later {
			tell()
		}
		s.later = nil
		return nil
	}
	s.layout, s.later = mask.String(), nil
	return s.journal.Arranged(mask)
}

// tried books a trial and tells of it.
func (s *runFolder) tried(m search.Mask, judged float64) {
	if s.trials.event.Kind == search.EventProof {
		s.trials.proof, s.trials.running = s.trials.proof+1, s.trials.running+1
	} else {
		s.trials.book(m, judged)
	}
	if s.trials.event.Kind == "" { // the search has not begun
		return
	}
	e := s.trials.event
	e.Kind, e.Score, e.Trials = search.EventTrial, search.Score{}, s.trials.count()
	e.Proof.Done = min(e.Proof.Done+s.trials.running, int(min(e.Proof.Mixes, math.MaxInt32)))
	s.Config.Progress(e)
	s.keepNow(e, m)
}

// costs are the book as result.json has it; nil if nothing was run.
func (b *trialBook) costs() *result.TrialCosts {
	if len(b.judged) == 0 {
		return nil
	}
	c := &result.TrialCosts{}
	for i := range b.judged {
		c.Judged = append(c.Judged, stage.Rounded(b.judged[i]))
		c.Seconds = append(c.Seconds, stage.Rounded(b.seconds[i]))
	}
	return c
}

// sensitivity writes down what the search has learnt of each unit alone. Holders that move together share it.
func (s *ledger) sensitivity(f search.Result) {
	units := s.Units()
	mask := s.Layout.Pinned.Clone()
	for u, holders := range units {
		for _, h := range holders {
			mask.Demote(h)
		}
		score, known := s.Ev.Known(mask)
		for _, h := range holders {
			mask.Promote(h)
			if known {
				s.Result.Holders[h].Alone = record.Score(score, s.Metric.Lower)
			}
			if u < len(f.Distances) {
				s.Result.Holders[h].Distance = record.Finite(f.Distances[u])
			}
		}
	}
}

// count books what the search has cost so far.
func (s *runFolder) count() {
	st := s.Ev.Stats()
	all := s.before
	all.Masks, all.Samples, all.Seconds = all.Masks+st.Trials-s.from.masks, all.Samples+st.Samples-s.from.samples, all.Seconds+time.Since(s.since()).Seconds()
	if s.Command != nil {
		c := s.Command.Cost()
		all.Calls, all.CallSeconds = all.Calls+c.Requests, all.CallSeconds+c.Seconds
		if all.Starts += c.Starts; s.Command.Serve {
			s.Result.MetricServer = &result.MetricServer{Starts: all.Starts, Requests: all.Calls, Seconds: all.CallSeconds}
		} else {
			s.Result.MetricCommand = &result.MetricCommand{Calls: all.Calls, Seconds: all.CallSeconds}
		}
	}
	s.Result.Trials, s.Result.SampleEvals, s.Result.Seconds = all.Masks, all.Samples, all.Seconds
	s.spent = all
}

// since is when the session began, or when what it had cost until then was read back from the journal.
func (s *runFolder) since() time.Time {
	if s.counted.IsZero() {
		return s.Started
	}
	return s.counted
}

// progress tells who watches of an event, with scores in the metric's own sign.
func (s *runFolder) progress(e search.Event) {
	if e.Score.Total == 0 {
		e.Score.Value = record.MetricSign(e.Score.Value, s.Metric.Lower)
	}
	if e.Kind == search.EventProof {
		if s.proofTo = s.Ev.Stats().Samples; s.trials.event.Kind != search.EventProof && s.proofFrom == 0 {
			s.proofFrom = s.proofTo
		}
		if e.Proof.Done == 0 {
			s.sayProof(e.Proof)
		}
	}
	s.trials.event, s.trials.running = e, 0
	e.Trials = s.trials.count()
	s.Config.Progress(e)
}
