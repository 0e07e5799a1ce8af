package run

import "example.org/demote/internal/constraint"

// units are what a search decides about: every holder that may be demoted, where nothing else was arranged.
func (p *prepared) units() [][]int {
	if p.layout.Pinned.Len() == 0 {
		var err error
		if p.layout, err = (constraint.Rules{}).Arrange(p.network, p.order); err != nil {
			panic("run: no rules contradict each other: " + err.Error())
		}
	}
	return p.layout.Units
}
