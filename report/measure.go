package report

import "fmt"

// A measure is one way to say how sensitive each holder is: larger is worse.
type measure struct {
	ID     string
	Name   string // of the axis
	Title  string // of the ranking
	Values []*float64
	With   []int // other holders that share the value; nil: none do
}

// known is how many holders have a value.
func (m *measure) known() int { return knownValues(m.Values) }

func knownValues(values []*float64) int {
	n := 0
	for _, v := range values {
		if finite(v) != nil {
			n++
		}
	}
	return n
}

// measures returns the sensitivity measures of the holders that the run has, the most telling first: its own score
// alone, its distance alone, and what the chain lost at it. A score alone counts only where most holders have one,
// since a search that stops early has asked for a few.
func (v *view) measures() []*measure {
	alone := &measure{ID: "alone", Name: "score lost alone", Title: "Score lost with the holder alone at " + v.LowName(), Values: v.lostAlone()}
	distance := &measure{ID: "distance", Name: "squared error alone", Title: "Mean squared change of the outputs with the holder alone at " + v.LowName(), Values: v.distances()}
	chain := &measure{ID: "chain", Name: "score lost", Title: "Score lost at the step that demoted a holder"}
	for i := range v.Holders {
		chain.Values = append(chain.Values, finite(v.losses[i].Lost))
		chain.With = append(chain.With, v.losses[i].With)
	}
	var list []*measure
	if 2*alone.known() > len(v.Holders) {
		list = append(list, alone)
	}
	for _, m := range []*measure{distance, chain} {
		if m.known() > 0 {
			list = append(list, m)
		}
	}
	return list
}

// lostAlone is by how much each holder alone lowers the score of the network with all holders high; nil: not known.
func (r *Run) lostAlone() []*float64 {
	list, high := make([]*float64, len(r.Holders)), scoreValue(r.Score.High)
	for i, h := range r.Holders {
		if alone := scoreValue(h.Alone); alone != nil && high != nil {
			lost := *high - *alone
			if r.Lower() {
				lost = -lost
			}
			list[i] = &lost
		}
	}
	return list
}

// distances are how far each holder alone moves the outputs; nil: not known.
func (r *Run) distances() []*float64 {
	list := make([]*float64, len(r.Holders))
	for i, h := range r.Holders {
		list[i] = finite(h.Distance)
	}
	return list
}

// sensitivityWords say what a measure is, and what it is not.
func (v *view) sensitivityWords(list []*measure) []string {
	var words []string
	for _, m := range list {
		switch m.ID {
		case "alone":
			words = append(words, fmt.Sprintf("Score lost alone: how far the score falls when one holder is at %s and all others at %s. The search has evaluated it for %d of %s.",
				v.LowName(), v.HighName(), m.known(), plural(len(v.Holders), "holder")))
		case "distance":
			words = append(words, fmt.Sprintf("Squared error alone: how far one holder at %s moves the network's outputs from those with all holders at %s, as a mean of squares over a few batches. "+
				"The search ranked the holders by this sensitivity; it is good for an order and says little about the score.", v.LowName(), v.HighName()))
		case "chain":
			words = append(words, "Score lost at a step: how much the score fell when the search demoted a holder, on top of all that was demoted before. This is no score of the holder alone: "+
				"holders that moved together share one loss, and one that the chain never demoted has none.")
		}
	}
	return words
}
