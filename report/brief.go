package report

import (
	"fmt"
	"strings"
)

// briefs puts a line beside the heading of every section that has none yet, so that a reader knows what is in it.
func (v *view) briefs() {
	lines := map[string]func() string{
		"questions": func() string { return plural(v.setupWarnings(), "warning") + " about the set-up" },
		"searched": func() string {
			return fmt.Sprintf("%s, %s, %s", short(v.Strategy), plural(v.Evaluations, "evaluation"), duration(v.Seconds))
		},
		"scores": func() string { return "the mix " + v.Text(v.Score.Mixed) },
		"proof":  func() string { return "how good the mix is" },
		"holdout": func() string {
			return v.promiseWords()
		},
		"curve":   func() string { return plural(len(v.points), "step") + " of the chain" },
		"network": func() string { return plural(len(v.Holders), "holder") + ", what the demotion of each cost" },
		"fronts":  func() string { return "Pareto fronts by " + v.frontCosts() },
		"savings": func() string { return fmt.Sprintf("in %s", plural(len(v.Savings), "cost")) },
		"sensitivity": func() string {
			for _, m := range v.measures() {
				if list := m.ranked(); len(list) > 0 {
					return "the most sensitive: " + clipped(short(v.Holders[list[0]].Name), 50)
				}
			}
			return ""
		},
		"grids": func() string { return "what " + v.LowName() + " clips and rounds" },
		"cost": func() string {
			return fmt.Sprintf("%s, %s", plural(v.Trials, "distinct mask"), duration(v.Seconds))
		},
		"verification": func() string {
			switch f := v.Verified; {
			case f == nil:
				return "not checked yet"
			case f.Identical:
				return "equal to the search, bit for bit"
			}
			return "DIFFERS from the search"
		},
		"reproduce": func() string { return "command, versions, files, settings" },
	}
	for _, s := range v.Sections {
		if line := lines[strings.TrimPrefix(s.ID, v.ID+"-")]; line != nil && s.Brief == "" {
			s.Brief = line()
		}
	}
}

func (v *view) setupWarnings() (n int) {
	for _, w := range v.Warnings {
		if aboutSetup(w) {
			n++
		}
	}
	return n
}

func (v *view) frontCosts() string {
	var list []string
	for _, f := range v.Fronts {
		list = append(list, short(f.Cost))
	}
	return strings.Join(list, ", ")
}
