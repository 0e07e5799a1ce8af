package report

import (
	"fmt"
	"slices"

	"example.org/demote/result"
)

// setupIDs are the ids of warnings about a set-up that may be wrong, such as shifted labels or a wrong scale of the
// images. Such a warning comes first on the page.
var setupIDs = []string{"near-chance", "labels-shifted", "scale-differs", "channels-turned", "classes-missing", "int16-differs", "outside-calibration", "calibration-too-wide",
	"calibration-in-data", "duplicate-samples", "labels-one-class", "target-percent", "target-below-zero", "target-one-sample", "target-finer-than-sample",
	"default-session-misses", "default-session-fails"}

// setup is the section about the set-up of the run: first its warnings, then the figures behind them.
func (v *view) setup() *section {
	s := v.section("questions", "Questions before you trust it")
	for _, id := range setupIDs {
		for _, w := range v.Warnings {
			if w.ID == id {
				s.List = append(s.List, short(w.String()))
			}
		}
	}
	if q := v.Questions; q != nil && (len(s.List) > 0 || len(q.Classes) > 0) {
		s.Tables = questionTables(q, s.ID)
	}
	if s.List == nil && s.Tables == nil {
		return nil
	}
	return s
}

// questionTables are the figures behind the warnings about the set-up.
func questionTables(q *result.Questions, id string) (list []*table) {
	rows := [][]string{}
	for _, r := range q.Ranges {
		if r.Calib != nil && r.Data != nil {
			rows = append(rows, []string{short(r.Input), number(r.Calib.Min), number(r.Calib.Max), number(r.Data.Min), number(r.Data.Max), brief(100 * r.Outside)})
		}
	}
	if len(rows) > 0 {
		list = append(list, newTable(id+"-ranges", "Inputs of the network in the calibration and in the data",
			append(textColumns("input"), numberColumns("calibration from", "to", "data from", "to", "% outside")...), rows))
	}
	rows = nil
	for _, i := range q.Instead {
		rows = append(rows, []string{short(i.Change), fmt.Sprint(i.Samples), brief(i.Given), brief(i.Score)})
	}
	if rows != nil {
		list = append(list, newTable(id+"-instead", "What the float network scores in another way", append(textColumns("change"), numberColumns("samples", "as it is", "so")...), rows))
	}
	rows = nil
	for _, c := range q.Classes {
		rows = append(rows, []string{fmt.Sprint(c.Label), short(c.Name), fmt.Sprint(c.Samples)})
	}
	if rows != nil {
		list = append(list, newTable(id+"-classes", "Classes by sub-folder", append(append(numberColumns("label"), textColumns("sub-folder")...), numberColumns("samples")...), rows))
	}
	return list
}

// aboutSetup reports whether a warning belongs to the section setup.
func aboutSetup(w result.Warning) bool { return slices.Contains(setupIDs, w.ID) }
