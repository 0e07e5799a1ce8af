package affine

import (
	"maps"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/shapes"
	"example.org/demote/internal/sites"
	"example.org/demote/mistake"
)

// BatchNorm folds every BatchNormalization that is the only reader of a Conv, ConvTranspose or Gemm with constant
// weights into these weights and the bias:
//
//	w' = w * gamma / sqrt(variance + epsilon)
//	b' = (b - mean) * gamma / sqrt(variance + epsilon) + beta
//
// (Jacob et al., Quantization and Training of Neural Networks, 2018, section 3.2), in float64 and rounded once. The
// layer then has the output tensor of the BatchNormalization. A shared weight is copied. Constant factors and summands
// after these layers and MatMul are folded in too, in any order and number: see foldAffine. For a network in training
// mode, the error matches mistake.Err and names the node.
func BatchNorm(m *ir.Model) error {
	g := m.Graph()
	if !slices.ContainsFunc(g.GetNode(), func(n ir.Node) bool { return ir.IsBatchNorm(n) || ir.IsAffine(n) }) {
		return nil
	}
	x, err := ir.NewIndex(m)
	if err != nil {
		return err
	}
	b := &batchNorms{index: x, ranks: shapes.NewRanks(g), replaced: make(map[string]ir.Tensor), added: make(map[string]ir.Tensor), unread: make(map[string]bool)}
	gone, activation := make(map[ir.Node]bool), sites.ActivationNodes(x)
	for _, n := range x.Nodes() {
		if ir.IsAffine(n) && !activation[n] {
			done, err := b.foldAffine(n)
			if err != nil {
				return mistake.Errorf("%s: %w", ir.NodeName(n), err)
			}
			gone[n] = done
		}
		if !ir.IsBatchNorm(n) {
			continue
		}
		if ir.AttrInt(n, "training_mode", 0) != 0 || ir.Output(n, 1) != "" {
			return mistake.Errorf("%s is in training mode: export the network in evaluation mode", ir.NodeName(n))
		}
		done, err := b.fold(n)
		if err != nil {
			return mistake.Errorf("%s: %w", ir.NodeName(n), err)
		}
		if done {
			gone[n] = true
		}
	}
	if !b.changed() && !slices.Contains(slices.Collect(maps.Values(gone)), true) {
		return nil
	}
	g.Node = slices.DeleteFunc(slices.Clone(g.GetNode()), func(n ir.Node) bool { return gone[n] })
	b.rewrite(g)
	return nil
}

// batchNorms folds the BatchNormalizations of one graph, and constants behind its layers.
type batchNorms struct {
	index    *ir.Index
	ranks    *shapes.Ranks
	replaced map[string]ir.Tensor // initializers that get other values
	added    map[string]ir.Tensor // new ones
	names    []string             // of the new ones, in order
	unread   map[string]bool      // initializers that lost a reader
}

// changed reports whether a constant has got other values.
func (b *batchNorms) changed() bool { return len(b.replaced)+len(b.added) > 0 }

// fold takes one BatchNormalization into the node before it, and reports whether that was possible.
func (b *batchNorms) fold(n ir.Node) (bool, error) {
	x, between := b.index, ir.Input(n, 0)
	before := x.Producer(between)
	if before == nil || !ir.Standard(before) || len(x.Consumers(between)) != 1 || x.IsOutput(between) || len(ir.Subgraphs(before)) > 0 {
		return false, nil
	}
	weight, bias := b.constant(ir.Input(before, 1)), b.constant(ir.Input(before, 2))
	if weight == nil || bias == nil && ir.Input(before, 2) != "" {
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
	values, err := ir.Floats(weight)
	if err != nil {
		return false, err
	}
	for i, v := range values {
		values[i] = float32(float64(v) * s.scale[channel(i)])
	}
	inputs := []string{ir.Input(before, 0), "", ""}
	inputs[1] = b.store(ir.Input(before, 1), ir.Input(before, 1), ir.NewFloats("", weight.GetDims(), values))
	inputs[2] = b.store(ir.Input(before, 2), ir.Input(n, 2), ir.NewFloats("", []int64{int64(len(offsets))}, offsets))
	before.Input = inputs
	ir.DropAttr(before, "beta") // of Gemm, for its bias: it is in the new bias
	before.Output = []string{ir.Output(n, 0)}
	x.MadeBy[ir.Output(n, 0)] = before
	for _, name := range n.GetInput()[1:] {
		b.unread[name] = true
	}
	return true, nil
}

// constant returns the float32 initializer of that name as it is by now, or nil.
func (b *batchNorms) constant(name string) ir.Tensor {
	t := b.index.Initializer(name)
	if t == nil || b.index.IsInput(name) || ir.DType(t.GetDataType()) != ir.Float {
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

// store puts new values in place of an initializer. Where there is none, or somebody else reads it too, they become a
// new initializer with a name made of like. It returns the name.
func (b *batchNorms) store(name, like string, t ir.Tensor) string {
	if _, mine := b.added[name]; mine {
		t.Name = ir.Str(name)
		b.added[name] = t
		return name
	}
	if name != "" && len(b.index.Consumers(name)) == 1 && !b.index.IsOutput(name) {
		t.Name = ir.Str(name)
		b.replaced[name] = t
		return name
	}
	if name != "" {
		b.unread[name] = true
	}
	fresh := like + ":folded"
	for defines(b.index, fresh) {
		fresh += "'"
	}
	t.Name = ir.Str(fresh)
	b.added[fresh] = t
	b.names = append(b.names, fresh)
	b.index.Initializers[fresh] = t
	return fresh
}

// defines reports whether a name is in use.
func defines(x *ir.Index, name string) bool {
	_, typed := x.Types[name]
	return typed || x.Initializers[name] != nil || x.MadeBy[name] != nil || len(x.ReadBy[name]) > 0
}

// rewrite puts the new constants into the graph and takes out those that nothing reads any more.
func (b *batchNorms) rewrite(g ir.Graph) {
	read := make(map[string]bool)
	for _, v := range g.GetOutput() {
		read[v.GetName()] = true
	}
	ir.MarkRead(g, read)
	var all []ir.Tensor
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
