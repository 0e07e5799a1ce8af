package search

import (
	"fmt"
	"math"
)

var prefixStrategy = Strategy{
	Name: "prefix", Does: "each unit alone, then the longest prefix of that order by binary search", Trials: "n + 2 log2 n", follow: prefix,
	outlook: outlook{left: func(_ *Forecast, n, done, _ float64) (least, most float64, ok bool) {
		rest, search, searched := max(n-done, 0), 2*math.Log2(max(n, 2)), max(done-n, 0)
		return 0.6*rest + max(0.4*search-searched, 0), rest + max(1.2*search-searched, 2), true
	}},
}

// prefix scores each unit alone and finds the longest prefix of that order that holds, by binary search. The binary
// search assumes that a longer prefix never scores higher. prefix checks this beyond the end it found: it tries
// prefixes that are 2, 4, 8... units longer. If one of them holds, the search continues from there, and a note says so.
//
// The invariant: the prefix of length at holds and is the base, the one of length beyond does not, or is taken not to.
// n evaluations rank the units, about log2 n find the end and log2 n check it. A prefix that was refused is not tried
// again.
func prefix(s *session) error {
	r, err := s.rankByScore()
	if err != nil {
		return err
	}
	list := s.restOf(r.units)
	refused := make([]bool, len(list)+1) // lengths that did not hold
	// holds tries the prefix of a length greater than at, and moves there if it holds.
	at := 0
	holds := func(length int) (bool, error) {
		if refused[length] {
			return false, nil
		}
		ok, sc, err := s.try(list[at:length])
		if err != nil || !ok {
			refused[length] = err == nil
			return false, err
		}
		err = s.move(list[at:length], sc)
		at = length
		return true, err
	}
	beyond := len(list) + 1 // taken not to hold
	for {
		for beyond-at > 1 {
			middle := at + (beyond-at)/2
			ok, err := holds(middle)
			if err != nil {
				return err
			}
			if !ok {
				beyond = middle
			}
		}
		end, found := at, false
		for step := 2; end+step <= len(list) && !found; step *= 2 {
			if found, err = holds(end + step); err != nil {
				return err
			}
		}
		if !found {
			return nil
		}
		s.note("not-monotone", fmt.Sprintf("scores are not monotone along the order: %d units hold, %d do not, %d do", end, end+1, at), "")
		beyond = len(list) + 1
	}
}
