package search

var rankStrategy = Strategy{
	Name: "rank", Does: "each unit alone, then one after another, skipping those that break the target", Trials: "2 n", Most: func(n int) int { return 2*n + 3 },
	follow: rank, outlook: outlook{left: func(_ *Forecast, n, done, _ float64) (least, most float64, ok bool) {
		// Each unit alone, then each on top of the base; the first ones, at the head of the network, cost most.
		rest, share := max(2*n-done, 0), 0.6
		if done >= n {
			share = 0.8
		}
		return share * rest, rest, true
	}},
}

// rank scores each unit alone, then tries the units once in that order, each on top of the base. A unit that does not
// hold is skipped; to stop at the first one, as a threshold on sensitivities does, leaves more units high.
//
// The order is by harm measured alone, on top of the 16-bit network. Units whose errors add up or cancel are what it
// does not see; the second round does, because it scores the mix itself. n evaluations for each of the two.
func rank(s *session) error {
	r, err := s.rankByScore()
	if err != nil {
		return err
	}
	_, err = s.walk(s.restOf(r.units))
	return err
}
