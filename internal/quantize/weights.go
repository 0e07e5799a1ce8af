package quantize

import (
	"slices"

	"example.org/demote/internal/external"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// Weights puts the network's weights on grids, of 8 bits unless n.WeightWidths says otherwise, with one symmetric scale
// a channel: it replaces the initializers of Conv (channels on axis 0), ConvTranspose (axis 1; the groups of a grouped
// one share a scale per place), Gemm and MatMul (the axis that becomes the output's) by float32(code)*scale and keeps
// codes and scales in Weights. An operand of a MatMul that is no matrix has one scale. An initializer with other
// readers too, or with other channels for each, is copied first. Biases, tables and the weights of other operators stay
// float. The error is mistake.Err for weights that are not finite.
//
// Weights with a holder (see HoldWeights) get the codes of its high width; those of its low one, always with the scales
// of the least squared error, become one of Followed.
func Weights(n *network.Network) error { return weightsFor(n, nil, false) }

// WeightsFor is Weights for grids that are known, a record a holder: scales of channels are wide enough for the
// biases behind them to fit int32 on the input's grids, see scalesForBiases. It panics if there is not one record a
// holder.
func WeightsFor(n *network.Network, records []quant.Record) error {
	if err := CheckRecords(n, records); err != nil {
		return err
	}
	return weightsFor(n, records, false)
}

// FittedWeightsFor is WeightsFor with the scales of the least squared error, see quant.FitWeights.
func FittedWeightsFor(n *network.Network, records []quant.Record) error {
	if err := CheckRecords(n, records); err != nil {
		return err
	}
	return weightsFor(n, records, true)
}

// weightsFor is WeightsFor; records may be nil; with fit the scales are of the least squared error.
func weightsFor(n *network.Network, records []quant.Record, fit bool) error {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return err
	}
	var least weightScales
	if records != nil {
		if least, err = scalesForBiases(n, x, records); err != nil {
			return n.Model.InFile(err)
		}
	}
	uses := allUses(n, x)
	fresh := ir.NewNames(n.Model.Graph())
	quantized := make(map[string]map[weightForm]string) // initializer, form -> its quantized copy
	g := n.Model.Graph()
	at := make(map[string]int)
	for i, t := range g.Initializer {
		at[t.GetName()] = i
	}
	var added []ir.Tensor
	for _, u := range uses {
		name := ir.Input(u.node, u.input)
		if quantized[name] == nil {
			quantized[name] = make(map[weightForm]string)
		}
		target, ok := quantized[name][u.weightForm]
		if !ok {
			t := x.Initializer(name)
			if target = name; !onlyAs(x, uses, name, u.weightForm) {
				target = fresh.Fresh(name + "_weight")
			}
			w, q, err := quantizeWeight(t, target, u.weightForm, least.of(name, u.axis), fit)
			if err != nil {
				return n.Model.InFile(mistake.Errorf("%s, weight %q: %w", ir.NodeName(u.node), name, err))
			}
			n.Weights[target] = w
			if h := n.HeldAt(u.place()); h >= 0 {
				narrow := weightForm{u.axis, n.Holders[h].Weights.Low}
				f := network.Followed{Name: target, Holder: h, High: q}
				if f.Weight, f.Low, err = quantizeWeight(t, target, narrow, least.of(name, u.axis), true); err != nil {
					return n.Model.InFile(err)
				}
				n.Followed = append(n.Followed, f)
			}
			quantized[name][u.weightForm] = target
			external.LetGo(t.GetRawData())
			if target == name {
				g.Initializer[at[name]] = q
			} else {
				added = append(added, q)
			}
		}
		u.node.Input[u.input] = target
	}
	g.Initializer = append(g.Initializer, added...)
	DropUnread(n.Model, quantized)
	return nil
}

// DropNodes removes nodes of the main graph, and the initializers that nothing but them reads.
func DropNodes(m *ir.Model, gone map[ir.Node]bool) {
	g := m.Graph()
	g.Node = slices.DeleteFunc(slices.Clone(g.Node), func(n ir.Node) bool { return gone[n] })
	read := make(map[string]bool)
	for n := range gone {
		for _, in := range n.GetInput() {
			read[in] = true
		}
	}
	DropUnread(m, read)
}

// DropUnread removes those of some initializers, the keys of a map, that nothing reads any more.
func DropUnread[V any](m *ir.Model, candidates map[string]V) {
	g := m.Graph()
	read := make(map[string]bool)
	for _, nd := range g.Node {
		for _, in := range ir.Reads(nd) {
			read[in] = true
		}
	}
	for _, v := range g.Output {
		read[v.GetName()] = true
	}
	g.Initializer = slices.DeleteFunc(g.Initializer, func(t ir.Tensor) bool {
		_, candidate := candidates[t.GetName()]
		return candidate && !read[t.GetName()]
	})
}

// weightUse is an input of a node that is a weight, and how it is quantized.
type weightUse struct {
	node  ir.Node
	input int
	weightForm
}

// weightForm is how a weight is quantized: the axis of its channels, -1 for one channel, and the width of its codes.
type weightForm struct {
	axis  int
	width quant.Width
}

// allUses are the weights of all layers, in the order of the nodes, with the widths that the network has for them.
func allUses(n *network.Network, x *ir.Index) (uses []weightUse) {
	for _, nd := range x.Nodes() {
		uses = append(uses, weightUses(x, nd)...)
	}
	widen(n, uses)
	return uses
}

// place is what names the input.
func (u weightUse) place() network.WeightInput {
	return network.WeightInput{Output: ir.Output(u.node, 0), Input: u.input}
}

// widen gives uses the widths that the network has for them.
func widen(n *network.Network, uses []weightUse) {
	for i := range uses {
		u := &uses[i]
		u.width = quant.W8
		if width, ok := n.WeightWidths[u.place()]; ok {
			u.width = width
		}
	}
}

// A Layer is a node with a weight that is, or will be, quantized.
type Layer struct {
	Node, Op, Weight string
	Elements         int64
	Width            quant.Width
	Place            network.WeightInput
}

// Layers are the layers of a network with weights, in the order of its nodes, with the widths that n.WeightWidths says.
func Layers(n *network.Network) ([]Layer, error) {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	var list []Layer
	for _, nd := range x.Nodes() {
		uses := weightUses(x, nd)
		widen(n, uses)
		for _, u := range uses {
			l := Layer{ir.Label(nd), nd.GetOpType(), ir.Input(nd, u.input), 1, u.width, u.place()}
			for _, d := range x.Initializer(l.Weight).GetDims() {
				l.Elements *= d
			}
			list = append(list, l)
		}
	}
	return list, nil
}

func weightUses(x *ir.Index, n ir.Node) []weightUse {
	if !ir.Standard(n) {
		return nil
	}
	rank := func(i int) int {
		t := x.Initializer(ir.Input(n, i))
		if t == nil || x.IsInput(ir.Input(n, i)) || ir.DType(t.GetDataType()) != ir.Float || slices.Contains(t.Dims, 0) {
			return 0
		}
		return len(t.Dims)
	}
	var uses []weightUse
	add := func(i, axis int) { uses = append(uses, weightUse{n, i, weightForm{axis: axis}}) }
	switch n.GetOpType() {
	case "Conv":
		if rank(1) > 1 {
			add(1, 0)
		}
	case "ConvTranspose":
		if rank(1) > 1 {
			add(1, 1)
		}
	case "Gemm":
		if rank(0) == 2 { // transA: columns of A become rows of the output
			add(0, int(min(ir.AttrInt(n, "transA", 0), 1)))
		}
		if rank(1) == 2 {
			add(1, 1-int(min(ir.AttrInt(n, "transB", 0), 1)))
		}
	case "MatMul":
		if r := rank(0); r > 0 {
			add(0, matrixAxis(r, r-2))
		}
		if r := rank(1); r > 0 {
			add(1, matrixAxis(r, r-1))
		}
	}
	return uses
}

// matrixAxis is the axis of the channels of a MatMul's operand: of a matrix the one that becomes the output's. A
// vector, and a stack of matrices, is one channel: ONNX Runtime's QLinearMatMul takes scales of channels for matrices
// alone.
func matrixAxis(rank, axis int) int {
	if rank != 2 {
		return -1
	}
	return axis
}

// onlyAs reports whether an initializer is read as a weight in this form and in no other way.
func onlyAs(x *ir.Index, uses []weightUse, name string, form weightForm) bool {
	if x.IsOutput(name) {
		return false
	}
	asWeight := make(map[ir.Node]int)
	for _, u := range uses {
		if ir.Input(u.node, u.input) == name && u.weightForm == form {
			asWeight[u.node]++
		}
	}
	for _, n := range x.Consumers(name) {
		times := 0
		for _, in := range n.GetInput() {
			if in == name {
				times++
			}
		}
		if asWeight[n] == 0 || asWeight[n] != times || len(ir.Subgraphs(n)) > 0 {
			return false
		}
	}
	return true
}

// quantizeWeight returns the codes of a tensor and a tensor of that name with their values. least are the least
// scales of its channels; nil: there are none.
func quantizeWeight(t ir.Tensor, name string, form weightForm, least []float32, fit bool) (*network.Weight, ir.Tensor, error) {
	values, err := ir.Floats(t)
	if err != nil {
		return nil, nil, err
	}
	w := &network.Weight{Tensor: name, Dims: t.GetDims(), Axis: form.axis, Width: form.width}
	if form.width == quant.W16 {
		w.Wide, w.Scales, err = roundTo[int16](values, w, least, fit)
	} else {
		w.Codes, w.Scales, err = roundTo[int8](values, w, least, fit)
	}
	if err != nil {
		return nil, nil, err
	}
	q := ir.TakeFloats(name, w.Dims, values)
	q.DocString, q.MetadataProps = t.DocString, t.MetadataProps
	return w, q, nil
}

// roundTo rounds values to codes of a type, and puts what these stand for in their place.
func roundTo[T int8 | int16](values []float32, w *network.Weight, least []float32, fit bool) ([]T, []float32, error) {
	codes, scales, err := quant.RoundWeights[T](values, w.Dims, w.Axis, least, w.Width, fit)
	if err == nil {
		quant.DequantizeWeights(values, codes, scales, w.Dims, w.Axis)
	}
	return codes, scales, err
}
