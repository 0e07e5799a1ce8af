package result

// A Ladder says of which search between three widths a result is one of the two steps.
type Ladder struct {
	Widths []string    `json:"widths"`           // the names of the three, the lowest first
	Split  string      `json:"split"`            // the share of the loss budget for the first step, as typed
	Before *LadderStep `json:"before,omitempty"` // of the second step: what the first one has ended with
}

// A LadderStep is what the first step of a ladder has ended with, from the highest width to the one in the middle.
type LadderStep struct {
	Folder      string            `json:"folder"` // its run folder, in that of the ladder
	Low         string            `json:"low"`    // the names of its two widths
	High        string            `json:"high"`
	Target      float64           `json:"target"` // what its mix must score above
	Met         bool              `json:"met"`
	Score       Scores            `json:"score"`             // its ends are of the network as given
	Promotion   []string          `json:"promotion"`         // the holders that stay at the highest width, for good
	Ranges      map[string]string `json:"ranges,omitempty"`  // of each holder's low grid, if they were chosen
	Repairs     []string          `json:"repairs,omitempty"` // that both steps' networks have taken
	Proof       *Proof            `json:"proof,omitempty"`   // with --prove: how good its mix is
	Saved       float64           `json:"saved"`             // by its mix, in the cost of the search
	Evaluations int               `json:"evaluations"`
	SampleEvals float64           `json:"sample_evaluations"`
	Seconds     float64           `json:"seconds"`
}

// Ends are the widths between which a search goes as a whole: its own two, and on a ladder the lowest and the highest.
func (r *Result[C]) Ends() *Widths {
	if l := r.Ladder; l != nil && l.Before != nil && len(l.Widths) > 0 {
		return WidthsOf(l.Widths[0], l.Widths[len(l.Widths)-1])
	}
	return r.Widths
}

// Stayed are the promotion list's names by the width at which they stay, in the order of the list; the widest come
// first.
func (r *Result[C]) Stayed() (widths []string, names map[string][]string) {
	precision := map[string]string{}
	for _, h := range r.Holders {
		precision[h.Name] = h.Precision
	}
	names = map[string][]string{}
	for _, name := range r.Promotion {
		names[precision[name]] = append(names[precision[name]], name)
	}
	widths, _ = r.WidthCounts()
	return widths, names
}

// WidthCounts are the widths of all holders in the mix, each with how many have it, the widest first.
func (r *Result[C]) WidthCounts() (names []string, counts map[string]int) {
	counts = map[string]int{}
	for _, h := range r.Holders {
		counts[h.Precision]++
	}
	if r.Ladder == nil {
		return []string{r.Widths.HighName(), r.Widths.LowName()}, counts
	}
	for i := range r.Ladder.Widths {
		names = append(names, r.Ladder.Widths[len(r.Ladder.Widths)-1-i])
	}
	return names, counts
}

// A NamedScore is the score of a network of a run, and what the network is called.
type NamedScore struct {
	Name  string
	Score *Score
}

// NamedScores are the scores of the networks that a search is between, and of its mix, as far as they are known. On a
// ladder they are those of both steps: the second one begins with the mix of the first.
func (r *Result[C]) NamedScores() (list []NamedScore) {
	add := func(name string, s *Score) {
		if s != nil {
			list = append(list, NamedScore{name, s})
		}
	}
	high, low := r.EndNames()
	add("float", r.Score.Float)
	if r.Ladder != nil && r.Ladder.Before != nil {
		before := r.Ladder.Before
		add("all "+before.High, before.Score.High)
		add("all "+before.Low, before.Score.Low)
		high, low = "the mix of step 1", "its "+before.Low+" in "+r.Widths.LowName()
	}
	add(high, r.Score.High)
	add(low, r.Score.Low)
	add("the mix", r.Score.Mixed)
	return list
}
