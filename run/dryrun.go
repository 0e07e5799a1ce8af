package run

import (
	"context"
	"fmt"

	"demote/search"
)

// dryRun says what a search would be about: holders, memory and a bound on the work. It runs no
// trial and makes no folder.
func (s *searching) dryRun(ctx context.Context) error {
	n, samples := len(s.records), s.data.Len()
	data := 0
	for i := range s.inputs {
		data += residentBytes(s.data, i, s.onGPU()) * samples
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
	if s.start.Len() > 0 {
		s.config.Say(fmt.Sprintf("it starts from %s, with %d of %d holders in int8", s.config.Start, s.start.Count(), n))
	}
	if s.aside != nil {
		s.config.Say(fmt.Sprintf("%d more samples are held out and scored at the end", s.aside.set.Len()))
	}
	s.config.Say(fmt.Sprintf("memory: %s of resident data, %s of stored activations at most (--cache), %s of a block's activations a worker at most",
		byteText(int64(data)), byteText(s.cache()), byteText(activations)))
	for _, st := range search.Strategies() {
		if st.Name == s.config.Strategy {
			s.config.Say(fmt.Sprintf("work: strategy %s asks for this many scores: %s%s", st.Name, st.Trials, s.mostScores()))
			if s.metric.IsWhole() {
				s.config.Say(fmt.Sprintf("a score is a whole pass over the %d samples", samples))
				continue
			}
			s.config.Say(fmt.Sprintf("a score is at most one pass over the %d samples, and most are a small part of one", samples))
		}
	}
	return nil
}

// mostScores puts the bound on the scores that a search asks for into a number, where there is one.
func (s *searching) mostScores() string {
	n, most := len(s.units()), 0
	switch s.config.Strategy {
	case "demotion", "greedy":
		most = n*(n+1)/2 + 3
	case "rank":
		most = 2*n + 3
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
func (s *searching) activations(ctx context.Context) (int64, error) {
	src, err := s.source(ctx)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for _, h := range s.network.Holders {
		t := src.tensors[h.Tensor]
		if len(t.Dims) == 0 {
			continue
		}
		size := int64(t.Type.Size())
		for _, d := range t.Dims {
			size *= d
		}
		total += size
	}
	return total, nil
}

// byteText writes a number of bytes for a person.
func byteText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}
