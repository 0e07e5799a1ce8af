package report

import "fmt"

// A measure is one measure of the sensitivity of each holder: larger is worse.
type measure struct {
	ID     string
	Name   string // of the axis
	Title  string // of the ranking
	Values []*float64
	With   []int // other holders that share the value; nil: none do
}

// known is the number of holders with a value.
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

// measures returns the sensitivity measures in the result, the most meaningful first: the score lost with a holder
// alone at int8, its distance, and the loss at its step of the chain. Scores alone are used only if most holders have
// one, since a search that stops early has evaluated only a few.
func (v *view) measures() []*measure {
	alone := &measure{ID: "alone", Name: "score lost alone", Title: "Score lost with the holder alone at " + v.lowWords(), Values: v.lostAlone()}
	distance := &measure{ID: "distance", Name: "squared error alone", Title: "Mean squared change of the outputs with the holder alone at " + v.lowWords(), Values: v.distances()}
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

// lostAlone is the loss of score with each holder alone at int8, against all int16; nil: unknown.
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

// distances are the squared changes of the outputs with each holder alone at int8; nil: unknown.
func (r *Run) distances() []*float64 {
	list := make([]*float64, len(r.Holders))
	for i, h := range r.Holders {
		list[i] = finite(h.Distance)
	}
	return list
}

// sensitivityWords explain a measure.
func (v *view) sensitivityWords(list []*measure) []string {
	var words []string
	for _, m := range list {
		switch m.ID {
		case "alone":
			words = append(words, fmt.Sprintf("Score lost alone: how far the score falls when one holder is at %s and all others at %s. The search has evaluated it for %d of %s.",
				v.lowWords(), v.highWords(), m.known(), plural(len(v.Holders), "holder")))
		case "distance":
			words = append(words, fmt.Sprintf("Squared error alone: how far one holder at %s moves the network's outputs from those with all holders at %s, as a mean of squares over a few batches. "+
				"The search ranked the holders by this sensitivity; it is good for an order and says little about the score.", v.lowWords(), v.highWords()))
		case "chain":
			words = append(words, "Score lost at a step: how much the score fell when the search demoted a holder, on top of all that was demoted before. This is no score of the holder alone: "+
				"holders that moved together share one loss, and one that the chain never demoted has none.")
		}
	}
	return words
}
