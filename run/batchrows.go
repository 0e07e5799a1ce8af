package run

// sampleRows says which values of a tensor are a sample's, in a block.
type sampleRows struct {
	outer, block int // of [outer, block, ...] the second axis is the samples'; block is 0 where none is
}

// rows says how the samples of a block lie in a tensor: on the axis that grows with them. A tensor that does not grow is all
// samples' own.
func (s *shapes) rows(name string, block int) sampleRows {
	one, two, at := s.one[name], s.two[name], 0
	grows := false
	for i := range one {
		if i < len(two) && one[i] != two[i] {
			at, grows = i, true
			break
		}
	}
	if !grows && s.growing {
		return sampleRows{}
	}
	r := sampleRows{1, block}
	for _, d := range one[:at] {
		r.outer *= int(d)
	}
	return r
}

// of are a sample's values. Of a tensor that is no sample's own the first one has all.
func (r sampleRows) of(values []float32, slot int) []float32 {
	if r.block == 0 || len(values)%(r.outer*r.block) != 0 {
		if slot > 0 {
			return nil
		}
		return values
	}
	inner := len(values) / (r.outer * r.block)
	if r.outer == 1 {
		return values[slot*inner : (slot+1)*inner]
	}
	list := make([]float32, 0, r.outer*inner)
	for i := range r.outer {
		list = append(list, values[(i*r.block+slot)*inner:][:inner]...)
	}
	return list
}
