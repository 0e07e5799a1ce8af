package metric

// A Part says where an output lies in the rows of a metric that reads several.
type Part struct {
	Name string
	Dims []int64 // of one sample's output
	At   int     // of its first value in a row
}

// An OutputOf is one of several outputs of a sample. The values are lent.
type OutputOf struct {
	Name   string
	Dims   []int64
	Values []float32
}

// outputsOf takes a row apart.
func outputsOf(parts []Part, row []float32) []OutputOf {
	list := make([]OutputOf, len(parts))
	for i, p := range parts {
		n := product(p.Dims)
		list[i] = OutputOf{p.Name, p.Dims, row[p.At : p.At+n : p.At+n]}
	}
	return list
}

// Outputs are the outputs of one sample: those that the metric reads, in the order in which they are named. Of a single
// one it has no name.
func (o WholeOutputs) Outputs(sample int) []OutputOf {
	row := o.Row(sample)
	if o.Parts == nil {
		dims := o.Dims
		if o.Shapes != nil {
			dims = o.Shapes[sample]
		}
		return []OutputOf{{Dims: dims, Values: row}}
	}
	return outputsOf(o.Parts, row)
}

// Row is all that one sample has of the outputs.
func (o WholeOutputs) Row(sample int) []float32 {
	if o.Shapes == nil {
		n := len(o.Rows) / o.Samples
		return o.Rows[sample*n : (sample+1)*n]
	}
	at := 0
	for _, dims := range o.Shapes[:sample] {
		at += product(dims)
	}
	return o.Rows[at : at+product(o.Shapes[sample])]
}
