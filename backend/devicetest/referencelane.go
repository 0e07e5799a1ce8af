package devicetest

import (
	"slices"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

// referenceLane runs blocks with values of its own for every tensor.
type referenceLane struct {
	device.LaneBase
	d       *reference
	network *referenceNetwork
	inputs  []device.Tensor
	mask    search.Mask
	values  map[string][]float32                 // of tensors, as they were made last
	taken   map[int]map[string]*referenceRoom    // by part and tensor: whose codes it takes
	left    map[string]*referenceRoom            // by tensor: where the next run writes its codes
	leaving map[*device.StoredTensor]device.Room // of values: where their codes go behind the next run
	agree   map[int]bool                         // by holder that was asked: both grids gave the same bits so far
	watched bool
	nan     bool
	spent   time.Duration
	steps   *referenceSteps // nil: samples have one step
}

func newReferenceLane(d *reference, n *referenceNetwork, inputs []device.Tensor) (*referenceLane, error) {
	l := &referenceLane{d: d, network: n, inputs: inputs, mask: search.NewMask(len(d.opts.Records)), values: map[string][]float32{}, left: map[string]*referenceRoom{}, leaving: map[*device.StoredTensor]device.Room{},
		taken: map[int]map[string]*referenceRoom{}, agree: map[int]bool{}}
	q, err := device.NewSequence(inputs, n.parts[len(n.parts)-1].Segment)
	if q != nil {
		l.steps = &referenceSteps{Sequence: q, lane: l}
	}
	return l, err
}

// Do implements device.Lane.
func (l *referenceLane) Do(f func() error) error { return f() }

// Wait implements device.Lane.
func (l *referenceLane) Wait() error { return nil }

// Spent implements device.Lane.
func (l *referenceLane) Spent() time.Duration { return l.spent }

// CodeSpeed implements device.Lane: codes take no time.
func (l *referenceLane) CodeSpeed() float64 { return 0 }

// SetMask implements device.Lane.
func (l *referenceLane) SetMask(m search.Mask) error {
	l.mask = m.Clone()
	return nil
}

// RunPart implements device.Lane.
func (l *referenceLane) RunPart(b device.Block, part int) error {
	start := time.Now()
	defer func() {
		l.Drop()
		l.spent += time.Since(start)
		l.d.opts.Stepped()
	}()
	data := b.(*referenceBlock).data
	if data == nil {
		var err error
		if data, err = readAll(l.inputs, b.(*referenceBlock).read); err != nil {
			return err
		}
	}
	if l.steps != nil {
		l.steps.data = data
		return l.steps.Run(l.steps, func() error { return l.run(part) })
	}
	for i, in := range l.inputs {
		l.values[in.Name] = data[i]
	}
	if err := l.run(part); err != nil {
		return err
	}
	return l.pack()
}

// run runs a part on what its inputs hold.
func (l *referenceLane) run(part int) error {
	p := l.network.parts[part]
	for _, n := range p.nodes {
		if err := l.d.ctx.Err(); err != nil {
			return err
		}
		l.node(p, part, n)
	}
	return nil
}

// node runs one node.
func (l *referenceLane) node(p *referencePart, part int, n *onnxpb.NodeProto) {
	in := func(at int) []float32 {
		name := n.Input[at]
		if both, ok := p.followed[name]; ok {
			for _, f := range p.Followed {
				if f.Name == name && l.mask.Low(f.Holder) {
					return both[1]
				}
			}
			return both[0]
		}
		if v, ok := p.values[name]; ok {
			return v
		}
		return l.values[name]
	}
	out := func(values []float32) { l.values[n.Output[0]] = values }
	switch n.GetOpType() {
	case "Identity":
		out(slices.Clone(in(0)))
	case "Relu":
		y := slices.Clone(in(0))
		for i, v := range y {
			y[i] = max(0, v)
		}
		out(y)
	case "Add":
		y, b := slices.Clone(in(0)), in(1)
		for i := range y {
			y[i] += b[i%len(b)]
		}
		out(y)
	case "MatMul":
		out(matMul(in(0), in(1), int(p.dims[n.Input[1]][1])))
	case "FromCodes":
		holder := int(n.Attribute[0].GetI())
		grid := gridOf(l.d.opts.Records, holder, l.mask)
		out(valuesOf(grid, l.codesOf(p, part, n.Input[0])))
	default:
		out(l.fakeQuant(n, in(0)))
	}
}

// matMul is the product of rows with a matrix of n columns.
func matMul(x, w []float32, n int) []float32 {
	k := len(w) / n
	y := make([]float32, len(x)/k*n)
	for at := range y {
		for i := range k {
			y[at] += float32(x[at/n*k+i] * w[i*n+at%n])
		}
	}
	return y
}

// fakeQuant brings values onto the grid that the mask chooses, and does what else the node was asked for.
func (l *referenceLane) fakeQuant(n *onnxpb.NodeProto, x []float32) []float32 {
	holder := int(n.Attribute[0].GetI())
	r := l.d.opts.Records[holder]
	grid, y := gridOf(l.d.opts.Records, holder, l.mask), make([]float32, len(x))
	grid.Apply(y, x)
	if l.watched && !l.mask.Low(holder) {
		l.nan = l.nan || slices.ContainsFunc(x, func(v float32) bool { return v != v })
	}
	if same, asked := l.agree[holder]; asked && same {
		low, high := make([]float32, len(x)), make([]float32, len(x))
		r.Low.Apply(low, x)
		r.High.Apply(high, x)
		l.agree[holder] = device.SameBits(low, high)
	}
	if n.GetOpType() == "FakeQuantCodes" {
		if to := l.left[n.Output[1]]; to != nil {
			to.codes = to.codes[:0]
			for _, v := range y {
				to.codes = append(to.codes, codeOf(grid, v))
			}
		}
	}
	return y
}

// Rows implements device.Lane.
func (l *referenceLane) Rows(output string) ([]float32, error) {
	if l.steps != nil && l.steps.Output == output {
		return l.steps.kept, nil
	}
	return l.values[output], nil
}

// Judge implements device.Lane.
func (l *referenceLane) Judge(j *metric.Scorer, b device.Block, gain *bounds.Gain) error {
	rows, err := device.OutputRows(l, j)
	if err == nil {
		*gain = j.Block(rows, b.Samples())
	}
	return err
}

// WatchNaN implements device.Lane.
func (l *referenceLane) WatchNaN(on bool) (seen bool, err error) {
	seen = !on && l.nan
	l.watched, l.nan = on, false
	return seen, nil
}

// Compare implements device.Lane.
func (l *referenceLane) Compare(holders []int) {
	for _, h := range holders {
		l.agree[h] = true
	}
}

// Agree implements device.Lane.
func (l *referenceLane) Agree(holder int) bool { return l.agree[holder] }
