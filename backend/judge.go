package backend

import "demote/backend/bounds"

// judge applies the metric to output rows. Labels and references are kept by sample, not by
// position, so that a new order of the layout leaves them alone.
type judge struct {
	metric    *Metric
	output    string // the name of the output that it reads
	labels    []int64
	reference []float32 // rows by sample; nil without
	row       int       // length of an output row
}

// sample returns what the metric compares sample i with.
func (j *judge) sample(i int) Sample {
	s := Sample{Label: -1}
	if j.labels != nil {
		s.Label = j.labels[i]
	}
	if j.reference != nil {
		s.Reference = j.reference[i*j.row : (i+1)*j.row]
	}
	return s
}

// block is what the rows of one block gain, summed in layout order; samples are those of its slots,
// without the padding.
func (j *judge) block(rows []float32, samples []int) (g bounds.Gain) {
	for slot, sample := range samples {
		v := j.metric.gain(rows[slot*j.row:(slot+1)*j.row], j.sample(sample))
		g.Sum += v
		if v == 1 {
			g.Count++
		}
	}
	return g
}
