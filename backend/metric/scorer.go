package metric

import (
	"sync"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/detect"
)

// A Scorer applies a metric to output rows. Labels and references are kept by sample, not by position, so that a new
// order of the samples leaves them alone.
type Scorer struct {
	metric  *Metric
	truth   Truth
	samples int
	output  string  // the name of the output that it reads
	dims    []int64 // of the output, with the block's size first
	row     int     // length of an output row, of one step
	pieces  int     // that a row lies in, in a block of slots; 1, or not set: in one
	slots   int
	// of a sample, each of which is judged as a sample is; 1: samples have none, or are judged with all of them at
	// once
	steps  int
	last   bool   // the last step alone is judged
	parts  []Part // of several outputs: where each lies in a row; nil: there is one
	laid   []Output
	view   view          // of a metric that serves
	reader detect.Reader // of a metric of boxes
	boxes  [][]detect.Wanted
	// of a metric of the classes of pixels: how many are labelled as each; and of one of boxes: how many objects count
	labelled []int64
	objects  map[int32]int
	numbers  []int // of the samples among those of all shapes; nil: they are all
	ranged   sync.Once
	span     float64 // see labelRange
}

// A Truth is what outputs are compared with, as far as a metric needs it; all of it is of all samples, one after
// another.
type Truth struct {
	Labels    []int64      // a class a sample, or a step of one
	Pixels    []int32      // a class a pixel
	Values    []float32    // an output row as it should be
	LabelDims []int64      // the shape of one sample's pixels or values
	Own       []LabelArray // labels of any kind, an array each
	Reference []float32    // an output row of the reference network

	// how many pixels of all samples are labelled as each class, where Pixels has not all of them; nil: it has
	Labelled []int64

	Set     string // what the samples are called, as a metric server is told; empty: data
	Numbers []int  // of each sample in the file that it is from; nil: from 0
}

// An Output is the output of the network that a scorer reads.
type Output struct {
	Name   string
	Dims   []int64 // of a block, with its samples in front
	Slots  int     // samples of a block
	Pieces int     // that a sample's values lie in, in a block as the network makes it; 1: in one
	Steps  int     // of a sample; 0 or 1: it has none
}

// NewJudge is a judge of so many samples. It judges nothing before it is told of the output.
func NewScorer(m *Metric, t Truth, samples int) *Scorer {
	return &Scorer{metric: m, truth: t, samples: samples}
}

// Read tells the scorer of the outputs that it reads, of which a row has one behind the other.
func (j *Scorer) Read(list ...Output) {
	o := list[0]
	j.output, j.dims, j.slots, j.pieces = o.Name, o.Dims, o.Slots, o.Pieces
	j.row, j.parts, j.laid = product(o.Dims)/o.Slots, nil, nil
	if len(list) > 1 {
		j.row, j.pieces, j.laid = 0, 1, list
		for _, o := range list {
			j.parts = append(j.parts, Part{Name: o.Name, Dims: o.Dims[1:], At: j.row})
			j.row += product(o.Dims) / o.Slots
		}
		j.dims = []int64{o.Dims[0], int64(j.row)}
	}
	j.overSteps(o.Steps)
}

// Among says which number each sample has among those of all shapes.
func (j *Scorer) Among(numbers []int) { j.numbers = numbers }

// number is that of a sample among all.
func (j *Scorer) number(sample int) int {
	if j.numbers == nil {
		return sample
	}
	return j.numbers[sample]
}

// Several are the outputs that are read, where they are several; nil: there is one.
func (j *Scorer) Several() []Output { return j.laid }

// Output is the name of the output that is judged; empty before Read.
func (j *Scorer) Output() string { return j.output }

// Row is the number of values of an output row, of one step.
func (j *Scorer) Row() int { return j.row }

// Pieces is how many pieces a sample's values lie in, in a block of so many slots as the network makes it.
func (j *Scorer) Pieces() (pieces, slots int) { return max(1, j.pieces), j.slots }

// Hits is how many of the best classes the wanted one must be among for a sample to count; 0: the metric does not
// count so.
func (j *Scorer) Hits() int { return j.metric.rank }

// Wanted is the class that hits sample i, or step i of all samples' where each is judged; -1: none does.
func (j *Scorer) Wanted(i int) int64 {
	s := j.sample(i)
	if j.metric.NeedsReference {
		return int64(Top1(s.Reference))
	}
	return s.Label
}

// sample returns what the metric compares sample i with; where all steps are judged, i counts them.
func (j *Scorer) sample(i int) Sample {
	s, samples := Sample{Label: -1}, j.samples*j.Judged()
	if j.truth.Labels != nil {
		s.Label = j.truth.Labels[i]
	}
	if j.metric.Name == "ssim" {
		s.span = j.labelRange()
	}
	s.Pixels, s.Values, s.Dims = part(j.truth.Pixels, i, samples), part(j.truth.Values, i, samples), j.truth.LabelDims
	if j.truth.Own != nil && j.steps <= 1 {
		for k := range j.truth.Own {
			s.Arrays = append(s.Arrays, j.truth.Own[k].of(i, samples))
		}
		s.Own = s.Arrays[0]
	}
	if j.metric.Labels == TokenLabels && len(j.dims) > 0 {
		s.classes = int(j.dims[len(j.dims)-1])
	}
	if j.truth.Reference != nil {
		s.Reference = j.truth.Reference[i*j.row : (i+1)*j.row]
	}
	return s
}

// perSample is the number of pixels of a sample: of an output [samples, classes, ...] the axes behind the classes, and
// of [samples, steps, classes] those before them.
func (j *Scorer) perSample() int {
	if j.metric.Labels == TokenLabels {
		return product(j.dims[1 : len(j.dims)-1])
	}
	return product(j.dims[2:])
}

// classes is the number of classes that the output tells apart.
func (j *Scorer) classes() int {
	if j.truth.Pixels != nil {
		return int(j.dims[1])
	}
	return j.row
}

// Block is what the rows of one block gain, summed in layout order; samples are those of its slots,
// without the padding.
func (j *Scorer) Block(rows []float32, samples []int) (g bounds.Gain) {
	for slot, sample := range samples {
		Add(&g, slot, j.Verdict(j.RowOf(rows, slot), sample))
	}
	return g
}

// Add extends what a block gains by that of the sample in a slot, the next one: of steps that count, as many as it
// gains.
func Add(g *bounds.Gain, slot int, v Verdict) {
	g.Sum += v.Gain
	if v.Gain >= 1 && v.Gain <= mostSteps {
		g.Count += int(v.Gain)
		g.Hits.Set(slot)
	}
	if v.Outcome != nil {
		g.Outcomes = append(g.Outcomes, v.Outcome)
	}
}

// product is the number of elements of these dimensions.
func product(dims []int64) int {
	n := 1
	for _, d := range dims {
		n *= int(d)
	}
	return n
}
