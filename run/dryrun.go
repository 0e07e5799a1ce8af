package run

import (
	"context"
	"fmt"
	"slices"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/memory"
	"example.org/demote/internal/sinks"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// dryRun says what a search would be about: holders, memory and a bound on the work. It runs no
// trial and makes no folder.
func (s *searching) dryRun(ctx context.Context) error {
	n, samples := len(s.records), s.data.Len()
	resident := "samples are read from the disk,"
	if s.streams == nil {
		resident = memory.Text(int64(blocks.ResidentAll(s.data, len(s.inputs)))) + " of resident data,"
	}
	activations, err := s.activations(ctx)
	if err != nil {
		return err
	}
	for _, h := range s.network.Holders {
		op := h.Op
		if op == "" {
			op = "input"
		}
		s.config.Say(fmt.Sprintf("holder %3d  %s (%s)", h.Index, h.Name, op))
	}
	s.config.Say(fmt.Sprintf("%d holders, %d samples in blocks of %d, metric %s, target %s", n, samples, s.block, s.metric.Name, s.config.Target))
	if err := s.sayMasks(); err != nil {
		return err
	}
	if s.start.Len() > 0 {
		s.config.Say(fmt.Sprintf("it starts from %s, with %d of %d holders in int8", s.config.Start, s.start.Count(), n))
	}
	if s.holdout != nil {
		s.config.Say(fmt.Sprintf("%d more samples are held out and scored at the end", s.holdout.set.Len()))
	}
	s.config.Say(fmt.Sprintf("memory: %s %s of stored activations at most (--cache), %s of a block's activations a worker at most",
		resident, memory.Text(s.cache()), memory.Text(activations)))
	for _, st := range search.Strategies() {
		if st.Name == s.config.Strategy {
			s.config.Say(fmt.Sprintf("work: strategy %s needs this many evaluations: %s%s", st.Name, st.Trials, s.mostScores(st)))
			if s.metric.IsWhole() {
				s.config.Say(fmt.Sprintf("an evaluation is a full pass over the %d samples", samples))
				continue
			}
			s.config.Say(fmt.Sprintf("an evaluation is at most one full pass over the %d samples, and most are a small part of one", samples))
		}
	}
	return nil
}

// assumed are records for a network that is not calibrated: every holder's values are taken for numbers from -1 to 1.
func assumed(n *onnx.Network, c Config) ([]quant.Record, error) {
	low, high, err := c.gridChoices()
	if err != nil {
		return nil, err
	}
	formula, err := quant.ParseFormula(c.Formula)
	if err != nil {
		return nil, err
	}
	o := quant.NewObserver(quant.MinMax, quant.MinMax)
	o.Observe(0, []float32{-1, 1})
	var r quant.Record
	if r.Low, err = o.Grid(formula, quant.MinMax, low.Kind, low.Bits); err != nil {
		return nil, err
	}
	if r.High, err = o.Grid(formula, quant.MinMax, high.Kind, high.Bits); err != nil {
		return nil, err
	}
	return slices.Repeat([]quant.Record{r}, len(n.Holders)), nil
}

// sayMasks says which holders calibration may still find to be attention masks, which have none.
func (s *searching) sayMasks() error {
	if s.config.Calib == "" {
		return nil
	}
	ends, err := sinks.Of(s.network)
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
		s.config.Say(fmt.Sprintf("nothing was calibrated: up to %d of the holders may turn out to be attention masks or paddings, which have none", masks))
	}
	return nil
}

// mostScores puts the bound on the scores that a strategy asks for into a number, where there is one.
func (s *searching) mostScores(way search.Strategy) string {
	n, most := len(s.units()), 0
	if way.Most != nil {
		most = way.Most(n)
	}
	if s.config.Trials > 0 && (most == 0 || s.config.Trials < most) {
		most = s.config.Trials
	}
	where := fmt.Sprintf(", n = %d holders", n)
	if most == 0 {
		return where + ", k of them stay int16"
	}
	return fmt.Sprintf("%s: at most %d", where, most)
}

// activations is the size of all holders' tensors of one block, in bytes: more than is alive at any
// time.
func (s *compiled) activations(ctx context.Context) (int64, error) {
	known, err := s.measured(ctx)
	if err != nil {
		return 0, err
	}
	return s.activationBytes(known), nil
}
