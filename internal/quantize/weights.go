package quantize

import (
	"slices"

	"example.org/demote/internal/external"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// Weights puts the network's weights on int8 grids, one symmetric scale a channel: it replaces the initializers of
// Conv (channels on axis 0), ConvTranspose (axis 1; the groups of a grouped one share a scale per place), Gemm and
// MatMul (the axis that becomes the output's) by float32(code)*scale and keeps codes and scales in Weights. An
// operand of a MatMul that is no matrix has one scale. An initializer with other readers too, or with other channels
// for each, is copied first. Biases, tables and the weights of other operators stay float. The error is mistake.Err
// for weights that are not finite.
func Weights(n *network.Network) error { return weightsFor(n, nil, quant.QuantizeWeights) }

// WeightsFor is Weights for grids that are known, a record a holder: scales of channels are wide enough for the
// biases behind them to fit int32 on the input's grids, see scalesForBiases. It panics if there is not one record a
// holder.
func WeightsFor(n *network.Network, records []quant.Record) error {
	if err := CheckRecords(n, records); err != nil {
		return err
	}
	return weightsFor(n, records, quant.QuantizeWeights)
}

// FittedWeightsFor is WeightsFor with the scales of the least squared error, see quant.FitWeights.
func FittedWeightsFor(n *network.Network, records []quant.Record) error {
	if err := CheckRecords(n, records); err != nil {
		return err
	}
	return weightsFor(n, records, quant.FitWeights)
}

// A weightRounding gives a tensor codes and scales, see quant.QuantizeWeights.
type weightRounding func(w []float32, dims []int64, axis int, least []float32) (codes []int8, scales []float32, err error)

func weightsFor(n *network.Network, records []quant.Record, round weightRounding) error {
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
	var uses []weightUse
	for _, nd := range x.Nodes() {
		uses = append(uses, weightUses(x, nd)...)
	}
	fresh := ir.NewNames(n.Model.Graph())
	quantized := make(map[string]map[int]string) // initializer, axis -> its quantized copy
	g := n.Model.Graph()
	at := make(map[string]int)
	for i, t := range g.Initializer {
		at[t.GetName()] = i
	}
	var added []ir.Tensor
	for _, u := range uses {
		name := ir.Input(u.node, u.input)
		if quantized[name] == nil {
			quantized[name] = make(map[int]string)
		}
		target, ok := quantized[name][u.axis]
		if !ok {
			t := x.Initializer(name)
			if target = name; !onlyAs(x, uses, name, u.axis) {
				target = fresh.Fresh(name + "_weight")
			}
			w, q, err := quantizeWeight(t, target, u.axis, least.of(name, u.axis), round)
			if err != nil {
				return n.Model.InFile(mistake.Errorf("%s, weight %q: %w", ir.NodeName(u.node), name, err))
			}
			n.Weights[target] = w
			quantized[name][u.axis] = target
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

// weightUse is an input of a node that is a weight, and the axis of its channels; -1: one channel.
type weightUse struct {
	node  ir.Node
	input int
	axis  int
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
	add := func(i, axis int) { uses = append(uses, weightUse{n, i, axis}) }
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

// onlyAs reports whether an initializer is read as a weight with these channels and in no other way.
func onlyAs(x *ir.Index, uses []weightUse, name string, axis int) bool {
	if x.IsOutput(name) {
		return false
	}
	asWeight := make(map[ir.Node]int)
	for _, u := range uses {
		if ir.Input(u.node, u.input) == name && u.axis == axis {
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
func quantizeWeight(t ir.Tensor, name string, axis int, least []float32, round weightRounding) (*network.Weight, ir.Tensor, error) {
	values, err := ir.Floats(t)
	if err != nil {
		return nil, nil, err
	}
	w := &network.Weight{Tensor: name, Dims: t.GetDims(), Axis: axis}
	if w.Codes, w.Scales, err = round(values, w.Dims, axis, least); err != nil {
		return nil, nil, err
	}
	quant.DequantizeWeights(values, w.Codes, w.Scales, w.Dims, axis)
	q := ir.TakeFloats(name, w.Dims, values)
	q.DocString, q.MetadataProps = t.DocString, t.MetadataProps
	return w, q, nil
}
