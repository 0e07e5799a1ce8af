package repair

import (
	"math"

	"example.org/demote/internal/ir"
)

// A layer is a node with weights, and what its bias can make up for.
type layer struct {
	node       ir.Node
	axis       int // of the channels of what it reads
	made, read constant
	bias       *constant // nil: it has none
}

// layers are the layers of a model by the nodes that they are, in graph order.
func layers(m *ir.Model) ([]layer, error) {
	x, err := ir.NewIndex(m)
	if err != nil {
		return nil, err
	}
	var list []layer
	for _, n := range x.Nodes() {
		f := newFinder(x)
		if !layerOps[n.GetOpType()] || !ir.Standard(n) || !f.layer(n) {
			continue
		}
		in, out := f.of(ir.Input(n, 0)), f.of(ir.Output(n, 0))
		l := layer{node: n, axis: in.axis, read: in.outOf[0], made: out.into[len(out.into)-1]}
		if l.axis == 0 {
			l.axis = -1
		}
		switch {
		case n.GetOpType() == "MatMul":
			l.bias = f.summand(ir.Output(n, 0), l.made.count)
		case len(out.into) > 1 && (n.GetOpType() != "Gemm" || ir.AttrFloat(n, "alpha", 1) == 1 && ir.AttrFloat(n, "beta", 1) == 1):
			l.bias = &out.into[0]
		}
		if l.bias != nil {
			list = append(list, l)
		}
	}
	return list, nil
}

// summand is the vector that an Add adds to a product that nothing else reads; nil where there is none.
func (f *finder) summand(product string, count int) *constant {
	readers := f.index.Consumers(product)
	if len(readers) != 1 || f.index.IsOutput(product) || !ir.Standard(readers[0]) || readers[0].GetOpType() != "Add" {
		return nil
	}
	for i := range 2 {
		t := f.constant(ir.Input(readers[0], i))
		if t == nil || ir.Input(readers[0], 1-i) != product || !ir.IsVector(t.GetDims()) || int(ir.MustCount(t)) != count {
			continue
		}
		return &constant{node: readers[0], input: i, count: count, channel: along(t.GetDims(), len(t.GetDims())-1)}
	}
	return nil
}

// Biases makes the biases of a network with rounded weights up for the mean error of the rounding: the difference
// between float weights and rounded ones, times the mean of what the layer reads, see Tensors. Zeros around the edge of
// an image count like all other values. float is the network before the weights were rounded. It returns the number of
// biases that it has changed.
func Biases(float, rounded *ir.Model, seen map[string][]Channel) (changed int, err error) {
	list, err := layers(rounded)
	if err != nil {
		return 0, err
	}
	before, err := layers(float)
	if err != nil {
		return 0, err
	}
	old := map[string]layer{} // by output, whose name stays
	for _, l := range before {
		old[ir.Output(l.node, 0)] = l
	}
	g := rounded.Graph()
	times, fresh := ir.TimesRead(g), ir.NewNames(g)
	for _, l := range list {
		was, ok := old[ir.Output(l.node, 0)]
		means := seen[ir.Input(l.node, 0)]
		if !ok || len(means) != l.read.count {
			continue
		}
		exact, err := ir.Floats(initializer(float.Graph(), ir.Input(was.node, 1)))
		if err != nil {
			return 0, err
		}
		codes, err := ir.Floats(initializer(g, ir.Input(l.node, 1)))
		if err != nil {
			return 0, err
		}
		bias, err := ir.Floats(initializer(g, ir.Input(l.bias.node, l.bias.input)))
		if err != nil {
			return 0, err
		}
		lost := make([]float64, l.made.count)
		for i, w := range exact {
			lost[l.made.channel(i)] += (float64(w) - float64(codes[i])) * means[l.read.channel(i)].Mean
		}
		for i, b := range bias {
			if sum := float64(b) + lost[l.bias.channel(i)]; math.Abs(sum) <= math.MaxFloat32 { // never NaN
				bias[i] = float32(sum)
			}
		}
		put(g, times, fresh, l.bias.node, l.bias.input, bias)
		changed++
	}
	return changed, nil
}

// Tensors are the tensors whose channels calibration must see for repairs, with the axis of the channels, -1 for the
// last: those of streams, and what layers with a bias read. Inputs of the network are not among them.
func Tensors(m *ir.Model) (map[string]int, error) {
	axes := map[string]int{}
	list, err := Streams(m)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		for _, t := range s.Tensors {
			axes[t] = s.Axis
		}
	}
	all, err := layers(m)
	if err != nil {
		return nil, err
	}
	computed := map[string]bool{}
	for _, t := range m.Computed() {
		computed[t] = true
	}
	for _, l := range all {
		if t := ir.Input(l.node, 0); computed[t] {
			axes[t] = l.axis
		}
	}
	return axes, nil
}

// Scaled are the tensors of streams, whose values are scaled by repairs.
func Scaled(m *ir.Model) (map[string]bool, error) {
	list, err := Streams(m)
	if err != nil {
		return nil, err
	}
	tensors := map[string]bool{}
	for _, s := range list {
		for _, t := range s.Tensors {
			tensors[t] = true
		}
	}
	return tensors, nil
}

// BiasNames are the names of the biases of layers, by the layers' first outputs.
func BiasNames(m *ir.Model) (map[string]string, error) {
	list, err := layers(m)
	names := map[string]string{}
	for _, l := range list {
		names[ir.Output(l.node, 0)] = ir.Input(l.bias.node, l.bias.input)
	}
	return names, err
}
