package run

import (
	"context"
	"fmt"
	"strings"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/memory"
	"example.org/demote/internal/sinks"
	"example.org/demote/search"
)

// dryRun says what a search would be about: holders, memory and a bound on the work. It runs no
// trial and makes no folder.
func (s *searchRun) dryRun(ctx context.Context) error {
	n, samples := len(s.Records), s.Data.Len()
	resident := "samples are read from the disk,"
	if s.Streams == nil {
		resident = memory.Text(int64(blocks.ResidentAll(s.Data, len(s.Inputs)))) + " of resident data,"
	}
	activations, err := s.Activations(ctx)
	if err != nil {
		return err
	}
	for _, h := range s.Network.Holders {
		op := h.Op
		switch {
		case h.Weights != nil:
			op = "weights of " + strings.Join(h.Consumers, ", ")
		case op == "":
			op = "input"
		}
		s.Config.Say(fmt.Sprintf("holder %3d  %s (%s)", h.Index, h.Name, op))
	}
	s.Config.Say(fmt.Sprintf("%d holders, %d samples in blocks of %d, metric %s, %s", n, samples, s.Block, s.Metric.Name, s.wantedText()))
	if err := s.sayMasks(); err != nil {
		return err
	}
	if s.start.Len() > 0 {
		s.Config.Say(fmt.Sprintf("it starts from %s, with %d of %d holders in int8", s.Config.Start, s.start.Count(), n))
	}
	if s.holdout != nil {
		s.Config.Say(fmt.Sprintf("%d more samples are held out and scored at the end", s.holdout.Set.Len()))
	}
	s.Config.Say(fmt.Sprintf("memory: %s %s of stored activations at most (--cache), %s of a block's activations a worker at most",
		resident, memory.Text(s.Cache()), memory.Text(activations)))
	if err := s.sayHanded(ctx); err != nil {
		return err
	}
	for _, st := range search.Strategies() {
		if st.Name == s.Config.Strategy {
			s.Config.Say(fmt.Sprintf("work: strategy %s needs this many evaluations: %s%s", st.Name, st.Trials, s.mostScores(st)))
			switch {
			case s.Metric.IsWhole():
				s.Config.Say(fmt.Sprintf("an evaluation is a full pass over the %d samples", samples))
			case s.Metric.EndsLate():
				s.Config.Say(fmt.Sprintf("an evaluation is at most one full pass over the %d samples, and most are the larger part of one", samples))
			default:
				s.Config.Say(fmt.Sprintf("an evaluation is at most one full pass over the %d samples, and most are a small part of one", samples))
			}
		}
	}
	s.sayMasksToRefute()
	if s.Config.First() {
		s.Config.Say(fmt.Sprintf("ladder: all of this is of its first step; the second one is as large at most: it moves the activations that step 1 has at %s", s.Config.Rung.Low.Text()))
	}
	return nil
}

// sayHanded says how much a metric command gets to read.
func (s *searchRun) sayHanded(ctx context.Context) error {
	if s.Command == nil {
		return nil
	}
	outputs, labels, err := s.Handed(ctx)
	if err != nil {
		return err
	}
	if s.Command.Serve {
		s.Config.Say(fmt.Sprintf("metric: a full evaluation hands %s of outputs to the server, block by block; it gets %s of labels once", memory.Text(outputs), memory.Text(labels)))
		return nil
	}
	s.Config.Say(fmt.Sprintf("metric: every evaluation starts the command and hands it %s of outputs and %s of labels", memory.Text(outputs), memory.Text(labels)))
	return nil
}

// wantedText is what a search is for, as it was typed.
func (s *searchRun) wantedText() string {
	switch c := s.Config; {
	case c.Budget != "":
		return "budget " + c.Budget
	case c.Int16Share != "":
		return "int16 share " + c.Int16Share
	default:
		return "target " + c.Target
	}
}

// sayMasks says which holders calibration may still find to be attention masks, which have none.
func (s *searchRun) sayMasks() error {
	if s.Config.Calib == "" {
		return nil
	}
	ends, err := sinks.Of(s.Network)
	if err != nil {
		return err
	}
	masks := 0
	for _, k := range ends {
		if k != sinks.None {
			masks++
		}
	}
	if masks > 0 {
		s.Config.Say(fmt.Sprintf("nothing was calibrated: up to %d of the holders may turn out to be attention masks or paddings, which have none", masks))
	}
	return nil
}

// mostScores puts the bound on the scores that a strategy asks for into a number, where there is one.
func (s *searchRun) mostScores(way search.Strategy) string {
	n, most := len(s.Units()), 0
	if way.Most != nil {
		most = way.Most(n)
	}
	if s.Config.Trials > 0 && (most == 0 || s.Config.Trials < most) {
		most = s.Config.Trials
	}
	where := fmt.Sprintf(", n = %d holders", n)
	if most == 0 {
		return where + ", k of them stay int16"
	}
	return fmt.Sprintf("%s: at most %d", where, most)
}
