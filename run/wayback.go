package run

import "example.org/demote/search"

// wayBack lists the units of a mix in the order in which they go back to int16: those that the chain
// demoted last first, what was demoted together together, and then what the chain does not tell of.
func wayBack(f *search.Result, units [][]int) [][]int {
	var way [][]int
	seen := make([]bool, len(units))
	group := -1
	for i := len(f.Chain) - 1; i >= 0; i-- {
		step := f.Chain[i]
		if step.Promoted || seen[step.Unit] || !f.Mask.Low(units[step.Unit][0]) {
			continue
		}
		seen[step.Unit] = true
		if step.Group == group {
			way[len(way)-1] = append(way[len(way)-1], step.Unit)
			continue
		}
		way, group = append(way, []int{step.Unit}), step.Group
	}
	for i := len(units) - 1; i >= 0; i-- {
		u := i
		if len(f.Order) == len(units) {
			u = f.Order[i]
		}
		if !seen[u] && f.Mask.Low(units[u][0]) {
			way = append(way, []int{u})
		}
	}
	return way
}
