package metric

// mostSteps bounds the steps of a sample that are told apart: a float64 counts so far.
const mostSteps = 1 << 40

// overSteps settles how the steps of samples count, once the output's row of one step is known: each as a sample
// does, or the last one alone where there are labels for no more than that. A metric from outside gets the rows of
// all steps as one.
func (j *Scorer) overSteps(steps int) {
	j.steps, j.last = max(1, steps), false
	m := j.metric
	switch {
	case j.steps == 1:
	case m.custom:
		j.dims = append([]int64{j.dims[0], int64(steps)}, j.dims[1:]...)
		j.row, j.steps = j.row*steps, 1
	case m.NeedsLabels:
		j.last = j.labelsOfOne()
	}
}

// labelsOfOne tells whether there are labels for one step of each sample.
func (j *Scorer) labelsOfOne() bool {
	switch j.metric.Labels {
	case PixelLabels:
		return len(j.dims) > 2 && len(j.truth.Pixels) == j.samples*j.perSample()
	case ValueLabels:
		return len(j.truth.Values) == j.samples*j.row
	}
	return len(j.truth.Labels) == j.samples
}

// Judged is how many steps of a sample are judged, each as a sample is.
func (j *Scorer) Judged() int {
	if j.last {
		return 1
	}
	return max(1, j.steps)
}

// Length is the length of an output row with all steps.
func (j *Scorer) Length() int { return j.row * max(1, j.steps) }

// RowOf are the output's values of a slot, of all steps.
func (j *Scorer) RowOf(rows []float32, slot int) []float32 {
	n := j.Length()
	return rows[slot*n : (slot+1)*n]
}

// Gain is what a sample's row gains, over all steps that are judged. Of a metric that serves it is what the row gains
// that was judged last.
func (j *Scorer) Gain(row []float32, sample int) float64 {
	switch {
	case j.metric.served != nil:
		return j.view.gainOf(sample)
	case j.parts != nil:
		s := j.sample(sample)
		s.Outputs = outputsOf(j.parts, row)
		return j.metric.gain(row, s)
	case j.steps <= 1:
		return j.metric.gain(row, j.sample(sample))
	case j.last:
		return j.metric.gain(row[len(row)-j.row:], j.sample(sample))
	}
	sum := 0.0
	for step := range j.steps {
		sum += j.metric.gain(row[step*j.row:(step+1)*j.row], j.sample(sample*j.steps+step))
	}
	return sum
}

// GainOfHit is what a sample gains, given whether the metric without weights counts it. ok is false if it does not
// follow from that.
func (j *Scorer) GainOfHit(hit bool, sample int) (gain float64, ok bool) {
	if j.metric.ofHit == nil || j.Judged() > 1 {
		return 0, false
	}
	return j.metric.ofHit(bit(hit), j.sample(sample)), true
}

// each hands on the steps of a sample's row that are judged, and what each is compared with.
func (j *Scorer) each(row []float32, sample int, f func(row []float32, s Sample)) {
	switch {
	case j.steps <= 1:
		f(row, j.sample(sample))
		return
	case j.last:
		f(row[len(row)-j.row:], j.sample(sample))
		return
	}
	for step := range j.steps {
		f(row[step*j.row:(step+1)*j.row], j.sample(sample*j.steps+step))
	}
}
