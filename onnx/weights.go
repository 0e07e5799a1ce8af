package onnx

import (
	"slices"

	"demote/quant"
)

// QuantizeWeights puts the network's weights on int8 grids, one symmetric scale a channel: it replaces the initializers
// of Conv (channels on axis 0), ConvTranspose (axis 1; the groups of a grouped one share a scale per place), Gemm and
// MatMul (the axis that becomes the output's) by float32(code)*scale and keeps codes and scales in Weights. A vector
// operand of a MatMul has one scale. An initializer with other readers too, or with other channels for each, is copied
// first. Biases, tables and the weights of other operators stay float. The error is ErrInput for weights that are not
// finite.
func (n *Network) QuantizeWeights() error {
	x, err := NewIndex(n.Model)
	if err != nil {
		return err
	}
	var uses []weightUse
	for _, nd := range x.Nodes() {
		uses = append(uses, weightUses(x, nd)...)
	}
	fresh := newNames(n.Model.Graph())
	quantized := make(map[string]map[int]string) // initializer, axis -> its quantized copy
	g := n.Model.Graph()
	at := make(map[string]int)
	for i, t := range g.Initializer {
		at[t.GetName()] = i
	}
	var added []tensor
	for _, u := range uses {
		name := input(u.node, u.input)
		if quantized[name] == nil {
			quantized[name] = make(map[int]string)
		}
		target, ok := quantized[name][u.axis]
		if !ok {
			t := x.Initializer(name)
			if target = name; !onlyAs(x, uses, name, u.axis) {
				target = fresh.fresh(name + "_weight")
			}
			w, q, err := quantizeWeight(t, target, u.axis)
			if err != nil {
				return n.Model.in(badf("%s, weight %q: %w", nodeName(u.node), name, err))
			}
			n.Weights[target] = w
			quantized[name][u.axis] = target
			letGo(t.GetRawData())
			if target == name {
				g.Initializer[at[name]] = q
			} else {
				added = append(added, q)
			}
		}
		u.node.Input[u.input] = target
	}
	g.Initializer = append(g.Initializer, added...)
	n.dropUnread(quantized)
	return nil
}

// dropUnread removes initializers that nobody reads any more because all of their readers got copies.
func (n *Network) dropUnread(candidates map[string]map[int]string) {
	g := n.Model.Graph()
	read := make(map[string]bool)
	for _, nd := range g.Node {
		for _, in := range reads(nd) {
			read[in] = true
		}
	}
	for _, v := range g.Output {
		read[v.GetName()] = true
	}
	g.Initializer = slices.DeleteFunc(g.Initializer, func(t tensor) bool {
		return candidates[t.GetName()] != nil && !read[t.GetName()]
	})
}

// weightUse is an input of a node that is a weight, and the axis of its channels; -1: one channel.
type weightUse struct {
	node  node
	input int
	axis  int
}

func weightUses(x *Index, n node) []weightUse {
	if !standard(n) {
		return nil
	}
	rank := func(i int) int {
		t := x.Initializer(input(n, i))
		if t == nil || x.IsInput(input(n, i)) || DType(t.GetDataType()) != Float || slices.Contains(t.Dims, 0) {
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
			add(0, int(min(attrInt(n, "transA", 0), 1)))
		}
		if rank(1) == 2 {
			add(1, 1-int(min(attrInt(n, "transB", 0), 1)))
		}
	case "MatMul":
		if r := rank(0); r > 0 {
			add(0, r-2)
		}
		if r := rank(1); r == 1 {
			add(1, -1)
		} else if r > 1 {
			add(1, r-1)
		}
	}
	return uses
}

// onlyAs reports whether an initializer is read as a weight with these channels and in no other way.
func onlyAs(x *Index, uses []weightUse, name string, axis int) bool {
	if x.IsOutput(name) {
		return false
	}
	asWeight := make(map[node]int)
	for _, u := range uses {
		if input(u.node, u.input) == name && u.axis == axis {
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
		if asWeight[n] == 0 || asWeight[n] != times || len(subgraphs(n)) > 0 {
			return false
		}
	}
	return true
}

// quantizeWeight returns the codes of a tensor and a tensor of that name with their values.
func quantizeWeight(t tensor, name string, axis int) (*Weight, tensor, error) {
	values, err := Floats(t)
	if err != nil {
		return nil, nil, err
	}
	w := &Weight{Tensor: name, Dims: t.GetDims(), Axis: axis}
	if w.Codes, w.Scales, err = quant.QuantizeWeights(values, w.Dims, axis); err != nil {
		return nil, nil, err
	}
	quant.DequantizeWeights(values, w.Codes, w.Scales, w.Dims, axis)
	q := takeFloats(name, w.Dims, values)
	q.DocString, q.MetadataProps = t.DocString, t.MetadataProps
	return w, q, nil
}
