package search

import "slices"

var bisectStrategy = Strategy{
	Name: "bisect", Does: "halves of what is undecided, the largest first", Trials: "2 k log2(n/k) + k", follow: bisect,
	outlook: outlook{left: func(_ *Forecast, _, _, high float64) (least, most float64, ok bool) {
		return max(0.1*high-1.5, 0), max(2*high, 2), true
	}},
}

// segment is a run of undecided units, neighbours in the network but for those that are decided, and the sum of their
// costs.
type segment struct {
	units []int
	cost  float64
}

// bisect is group testing by halves (compare Hwang, A method for detecting all defective members in a population by
// group testing, JASA 67, 1972). It tries the largest undecided segment as a whole on top of the base. A segment that
// holds is demoted, one that does not is cut in half, and a single unit that does not hold stays high. The largest
// segment is the one that saves most; of equal ones the first. Units keep the order of the network.
//
// It needs no ranking, and about 2 k log2(n/k) + k evaluations if k units must stay high and the others do not disturb
// each other: each of the k is cut free in log2(n/k) halvings, of which both halves are tried. Example, 8 units of
// which the sixth breaks the target: 1-4 hold, 5-8 do not, 5-6 do not, 7-8 hold, 5 holds, 6 does not.
func bisect(s *session) error {
	list := s.rest()
	if len(list) == 0 {
		return nil
	}
	undecided := []segment{{list, s.cost(list)}}
	for len(undecided) > 0 {
		at := 0
		for i, g := range undecided {
			if g.cost > undecided[at].cost {
				at = i
			}
		}
		g := undecided[at]
		ok, sc, err := s.try(g.units)
		if err != nil {
			return err
		}
		switch {
		case ok:
			if err := s.move(g.units, sc); err != nil {
				return err
			}
			undecided = slices.Delete(undecided, at, at+1)
		case len(g.units) == 1:
			undecided = slices.Delete(undecided, at, at+1)
		default:
			half := (len(g.units) + 1) / 2
			left, right := g.units[:half], g.units[half:]
			undecided[at] = segment{left, s.cost(left)}
			undecided = slices.Insert(undecided, at+1, segment{right, s.cost(right)})
		}
	}
	return nil
}
