package trial

// Dominant are the units, each of one holder, that dominate where methods do that much harm: by method and unit.
func Dominant(far ...[]float64) []int {
	var h harms
	for u := range far[0] {
		h.units = append(h.units, []int{u})
	}
	for _, one := range far {
		h.by = append(h.by, harm{far: one})
	}
	return h.dominant()
}

// EveryCut is for the tests beside the package.
var EveryCut = everyCut
