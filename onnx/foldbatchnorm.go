package onnx

import (
	"maps"
	"slices"
)

// foldBatchNorm takes every BatchNormalization that is the sole reader of a Conv, ConvTranspose or Gemm with constant
// weights into these weights and the bias:
//
//	w' = w * gamma / sqrt(variance + epsilon)      b' = (b - mean) * gamma / sqrt(variance + epsilon) + beta
//
// (Jacob et al., Quantization and Training of Neural Networks, 2018, section 3.2), in float64 and rounded once. The node
// before then makes the tensor that the BatchNormalization made. A shared weight is copied. A network in training mode is an
// error that matches ErrInput and names the node. Factors and summands of constants behind these layers and MatMul are taken in
// likewise, in any order and number: see foldAffine.
func foldBatchNorm(m *Model) error {
	g := m.Graph()
	if !slices.ContainsFunc(g.GetNode(), func(n node) bool { return isBatchNorm(n) || isAffine(n) }) {
		return nil
	}
	x, err := NewIndex(m)
	if err != nil {
		return err
	}
	b := &batchNorms{index: x, ranks: newRanks(g), replaced: make(map[string]tensor), added: make(map[string]tensor), unread: make(map[string]bool)}
	gone, activation := make(map[node]bool), x.activationNodes()
	for _, n := range x.Nodes() {
		if isAffine(n) && !activation[n] {
			done, err := b.foldAffine(n)
			if err != nil {
				return badf("%s: %w", nodeName(n), err)
			}
			gone[n] = done
		}
		if !isBatchNorm(n) {
			continue
		}
		if attrInt(n, "training_mode", 0) != 0 || output(n, 1) != "" {
			return badf("%s is in training mode: export the network in evaluation mode", nodeName(n))
		}
		done, err := b.fold(n)
		if err != nil {
			return badf("%s: %w", nodeName(n), err)
		}
		if done {
			gone[n] = true
		}
	}
	if !b.changed() && !slices.Contains(slices.Collect(maps.Values(gone)), true) {
		return nil
	}
	g.Node = slices.DeleteFunc(slices.Clone(g.GetNode()), func(n node) bool { return gone[n] })
	b.rewrite(g)
	return nil
}

func isBatchNorm(n node) bool { return n.GetOpType() == "BatchNormalization" && standard(n) }

// batchNorms folds the BatchNormalizations of one graph, and constants behind its layers.
type batchNorms struct {
	index    *Index
	ranks    *ranks
	replaced map[string]tensor // initializers that get other values
	added    map[string]tensor // new ones
	names    []string          // of the new ones, in order
	unread   map[string]bool   // initializers that lost a reader
}

// changed reports whether a constant has got other values.
func (b *batchNorms) changed() bool { return len(b.replaced)+len(b.added) > 0 }

// fold takes one BatchNormalization into the node before it, and reports whether that was possible.
func (b *batchNorms) fold(n node) (bool, error) {
	x, between := b.index, input(n, 0)
	before := x.Producer(between)
	if before == nil || !standard(before) || len(x.Consumers(between)) != 1 || x.IsOutput(between) || len(subgraphs(before)) > 0 {
		return false, nil
	}
	weight, bias := b.constant(input(before, 1)), b.constant(input(before, 2))
	if weight == nil || bias == nil && input(before, 2) != "" {
		return false, nil
	}
	s, err := b.scaling(n)
	if s == nil || err != nil {
		return false, err
	}
	channel := channels(before, weight.GetDims(), len(s.scale))
	if channel == nil {
		return false, nil
	}
	offsets, err := s.bias(before, bias)
	if offsets == nil || err != nil {
		return false, err
	}
	values, err := Floats(weight)
	if err != nil {
		return false, err
	}
	for i, v := range values {
		values[i] = float32(float64(v) * s.scale[channel(i)])
	}
	inputs := []string{input(before, 0), "", ""}
	inputs[1] = b.store(input(before, 1), input(before, 1), NewFloats("", weight.GetDims(), values))
	inputs[2] = b.store(input(before, 2), input(n, 2), NewFloats("", []int64{int64(len(offsets))}, offsets))
	before.Input = inputs
	dropAttr(before, "beta") // of Gemm, for its bias: it is in the new bias
	before.Output = []string{output(n, 0)}
	x.producers[output(n, 0)] = before
	for _, name := range n.GetInput()[1:] {
		b.unread[name] = true
	}
	return true, nil
}

// constant returns the float32 initializer of that name as it is by now, or nil.
func (b *batchNorms) constant(name string) tensor {
	t := b.index.Initializer(name)
	if t == nil || b.index.IsInput(name) || DType(t.GetDataType()) != Float {
		return nil
	}
	if r := b.replaced[name]; r != nil {
		return r
	}
	if a := b.added[name]; a != nil {
		return a
	}
	return t
}

// store puts new values in place of an initializer. Where there is none, or somebody else reads it too, they become a new
// initializer with a name made of like. It returns the name.
func (b *batchNorms) store(name, like string, t tensor) string {
	if _, mine := b.added[name]; mine {
		t.Name = str(name)
		b.added[name] = t
		return name
	}
	if name != "" && len(b.index.Consumers(name)) == 1 && !b.index.IsOutput(name) {
		t.Name = str(name)
		b.replaced[name] = t
		return name
	}
	if name != "" {
		b.unread[name] = true
	}
	fresh := like + ":folded"
	for b.index.defines(fresh) {
		fresh += "'"
	}
	t.Name = str(fresh)
	b.added[fresh] = t
	b.names = append(b.names, fresh)
	b.index.initializers[fresh] = t
	return fresh
}

// defines reports whether a name is in use.
func (x *Index) defines(name string) bool {
	_, typed := x.types[name]
	return typed || x.initializers[name] != nil || x.producers[name] != nil || len(x.consumers[name]) > 0
}

// rewrite puts the new constants into the graph and takes out those that nobody reads any more.
func (b *batchNorms) rewrite(g graph) {
	read := make(map[string]bool)
	for _, v := range g.GetOutput() {
		read[v.GetName()] = true
	}
	markRead(g, read)
	var all []tensor
	for _, t := range g.GetInitializer() {
		name := t.GetName()
		if r := b.replaced[name]; r != nil {
			t = r
		}
		if read[name] || !b.unread[name] {
			all = append(all, t)
		}
	}
	for _, name := range b.names {
		all = append(all, b.added[name])
	}
	g.Initializer = all
}
