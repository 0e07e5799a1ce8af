package run

import (
	"fmt"

	"demote/search"
)

// dryRun says what a search would be about: holders, memory and a bound on the work. It runs no
// trial and makes no folder.
func (s *searching) dryRun() error {
	n, samples := len(s.records), s.data.Len()
	data := 0
	for _, in := range s.inputs {
		size := in.Type.Size()
		for _, d := range in.Dims[1:] {
			size *= int(d)
		}
		data += size * samples
	}
	for _, h := range s.network.Holders {
		s.config.Say(fmt.Sprintf("holder %3d  %s", h.Index, label(h)))
	}
	s.config.Say(fmt.Sprintf("%d holders, %d samples in blocks of %d, metric %s", n, samples, s.block, s.metric.Name))
	s.config.Say(fmt.Sprintf("resident data %s; stored activations take at most %s (--cache)", byteText(int64(data)), byteText(s.cache())))
	for _, st := range search.Strategies() {
		if st.Name == s.config.Strategy {
			s.config.Say(fmt.Sprintf("strategy %s asks for %s scores with n = %d, each at most one pass over the samples", st.Name, st.Trials, n))
		}
	}
	return nil
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
