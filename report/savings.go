package report

import "strconv"

// savings lists what the mix saves, in every cost of the result.
func (v *view) savings() *section {
	if len(v.Savings) == 0 {
		return nil
	}
	rows := make([][]string, 0, len(v.Savings))
	for _, c := range v.Savings {
		share, left, total := "", "", ""
		if c.All > 0 {
			share = strconv.FormatFloat(100*c.Saved/c.All, 'f', 1, 64) + " %"
		}
		if finite(c.Total) != nil {
			left, total = brief(*c.Total-c.Saved), brief(*c.Total)
		}
		rows = append(rows, []string{short(c.Cost), brief(c.Saved), brief(c.All), share, left, total})
	}
	s := v.section("savings", "What it saves")
	bops := "the bits of their activations times those of weights"
	if v.Multipliers != "" {
		bops = "the bit operations that the profile's multipliers (" + short(v.Multipliers) + ") take for one"
	}
	_, weights := v.WeightsLow()
	s.Paragraphs = []string{"For one sample. BOPs are multiply-accumulates times " + bops + "; bytes are those of the " + map[bool]string{true: "activations and of the searched weights", false: "activations"}[weights > 0] + ". " +
		"The strategy went by " + short(orCount(v.Cost)) + "."}
	s.Tables = []*table{newTable(s.ID+"-table", "What the mix saves", append(textColumns("cost"),
		numberColumns("saved", "of what "+v.allLow()+" saves", "share", "left", v.allHigh())...), rows)}
	return s
}

// orCount is the name of a cost; count, the default, if it is empty.
func orCount(cost string) string {
	if cost == "" {
		return "count"
	}
	return cost
}
