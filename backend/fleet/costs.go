package fleet

// costs are how long the blocks take, in the order of the layout.
func (f *Fleet) costs() []float64 {
	all := make([]int, len(f.owner))
	for b := range all {
		all[b] = b
	}
	return f.costsOf(all)
}

// costsOf are those of some blocks.
func (f *Fleet) costsOf(blocks []int) []float64 {
	list := make([]float64, len(blocks))
	for i, b := range blocks {
		list[i] = 1
		if f.Costs != nil {
			list[i], _ = f.Costs(b)
		}
	}
	return list
}

// passCost is how long a pass of a sample of a block takes, where it is 1 on average.
func (f *Fleet) passCost(block int) float64 {
	if f.Costs == nil {
		return 1
	}
	_, sample := f.Costs(block)
	return sample
}

// share sums the costs of the blocks of each of so many owners.
func share(owners []int, costs []float64, members int) []float64 {
	sums := make([]float64, members)
	for b, owner := range owners {
		sums[owner] += costs[b]
	}
	return sums
}
