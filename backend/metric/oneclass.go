package metric

// OneClass tells whether every network scores the same by the metric on an output of these dimensions, the batch
// first: its predictions are the largest of several classes, and the output has no more than are taken; or it is the
// angle to an output of one number. Metrics that were registered know their own.
func (m *Metric) OneClass(dims []int64) bool {
	if m.custom || len(dims) == 0 {
		return false
	}
	switch {
	case m.NeedsLabels && m.Labels == PixelLabels:
		return len(dims) < 2 || dims[1] == 1
	case m.rank > 0:
		return numbers(dims) <= int64(m.rank)
	case m.ChecksClasses():
		return numbers(dims) == 1
	case m.Name == "cosine":
		return numbers(dims) == 1
	}
	return false
}

// numbers is how many a sample an output of these dimensions has.
func numbers(dims []int64) int64 {
	all := int64(1)
	for _, d := range dims[1:] {
		all *= d
	}
	return all
}
