package dataset

import "slices"

// Unpadded is the shape that a sample of an input has of its own, on axes that the network leaves free, where Shape is
// what it is padded to; nil where that is its own shape.
func (s *Set) Unpadded(input, sample int) []int64 {
	c := s.column(input, sample)
	if c.items == nil {
		return nil
	}
	free := c.in.Dims
	if !c.whole {
		free = free[1:]
	}
	own := slices.Clone(c.shape)
	if c.steps > 0 || len(free) != len(own) {
		return nil // how many steps a sample has is no shape of the network
	}
	for axis, d := range c.items[s.index(sample)].shape {
		if free[axis] == -1 {
			own[axis] = d
		}
	}
	if slices.Equal(own, c.shape) {
		return nil
	}
	return own
}
