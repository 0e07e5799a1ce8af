package report

import "slices"

// differing makes a table of what several runs have, in columns from the first on: rows that are equal in all runs are
// shown on request. Where everything is equal, or nothing, all rows are shown.
func differing(t *table, first, runs int) *table {
	same := make([]bool, len(t.Rows))
	for i, row := range t.Rows {
		same[i] = !slices.ContainsFunc(row[first:first+runs], func(text string) bool { return text != row[first] })
	}
	if slices.Contains(same, true) && slices.Contains(same, false) {
		t.Same, t.Long = same, false
	}
	return t
}

// settings is the table of the choices of all runs.
func settings(views []*view) *table {
	head := textColumns("choice")
	at := map[string]int{}
	var rows [][]string
	for k, v := range views {
		head = append(head, column{Name: v.Letter})
		for _, choice := range v.choices() {
			i, ok := at[choice[0]]
			if !ok {
				i = len(rows)
				at[choice[0]] = i
				rows = append(rows, append([]string{choice[0]}, make([]string, len(views))...))
			}
			rows[i][1+k] = choice[1]
		}
	}
	if rows == nil {
		return nil
	}
	slices.SortFunc(rows, func(a, b []string) int { return slices.Compare(a[:1], b[:1]) })
	return differing(newTable("settings-table", "Settings, defaults filled in", head, rows), 1, len(views))
}
