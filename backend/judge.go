package backend

import "example.org/demote/backend/bounds"

// judge applies the metric to output rows. Labels and references are kept by sample, not by
// position, so that a new order of the layout leaves them alone.
type judge struct {
	metric    *Metric
	output    string // the name of the output that it reads
	labels    []int64
	pixels    []int32   // pixels of a sample, one sample after another
	values    []float32 // numbers of a sample, one sample after another
	labelDims []int64   // of a sample's pixels or values
	own       *LabelArray
	samples   int
	dims      []int64   // of the output, with the block's size first
	reference []float32 // rows by sample; nil without
	row       int       // length of an output row, of one step
	pieces    int       // that a row lies in, in a block of slots; 1, or not set: in one
	slots     int
	steps     int  // of a sample, each of which is judged as a sample is; 1: samples have none, or are judged with all of them at once
	last      bool // the last step alone is judged
}

// sample returns what the metric compares sample i with; where all steps are judged, i counts them.
func (j *judge) sample(i int) Sample {
	s, samples := Sample{Label: -1}, j.samples*j.judged()
	if j.labels != nil {
		s.Label = j.labels[i]
	}
	s.Pixels, s.Values, s.Dims = part(j.pixels, i, samples), part(j.values, i, samples), j.labelDims
	if j.own != nil && j.steps <= 1 {
		s.Own = j.own.of(i, samples)
	}
	if j.reference != nil {
		s.Reference = j.reference[i*j.row : (i+1)*j.row]
	}
	return s
}

// perSample is the number of pixels of a sample: of an output [samples, classes, ...] the axes behind the classes.
func (j *judge) perSample() int { return product(j.dims[2:]) }

// classes is the number of classes that the output tells apart.
func (j *judge) classes() int {
	if j.pixels != nil {
		return int(j.dims[1])
	}
	return j.row
}

// block is what the rows of one block gain, summed in layout order; samples are those of its slots,
// without the padding.
func (j *judge) block(rows []float32, samples []int) (g bounds.Gain) {
	for slot, sample := range samples {
		add(&g, j.gain(j.rowOf(rows, slot), sample))
	}
	return g
}

// add extends what a block gains by its next sample's: of steps that count, as many as it gains.
func add(g *bounds.Gain, sample float64) {
	g.Sum += sample
	if sample >= 1 && sample <= mostSteps {
		g.Count += int(sample)
	}
}
