package onnx

import (
	"maps"
	"slices"

	"demote/onnx/onnxpb"
)

// Followed is a constant with two values, between which the bit of a holder chooses: one that differs between the two files of a
// pair, or a bias on the int32 grid that goes with the grid of its layer's input.
// Both are floats of the same dimensions.
type Followed struct {
	Name      string              // the initializer of Network.Model, which holds High
	Holder    int                 // demoted: Low is the value
	Low, High *onnxpb.TensorProto // of the 8-bit and the 16-bit file or grid, both under that name

	weight *Weight // of Low, nil where it is on no int8 grid
	bias   *Bias   // of Low, nil where it is on no int32 grid
}

// constantUse is a place that reads a constant which differs between the files.
type constantUse struct {
	node, input int // of the 16-bit file's graph
	low         tensor
	lowName     string
	holder      int // -1: none
}

// Follow lets every weight, bias and other float constant that differs between the files of a pair follow the holder that its
// layer's output runs into first (the value of a Pad the one in front of it): the 8-bit file's value where that holder is demoted. r is the report that Pair returned with n. A
// constant that several layers read becomes one for each holder. What has no holder behind it, a Fixed one, or
// other dimensions in the 8-bit file, stays the 16-bit file's; the report's Differences say which.
func (n *Network) Follow(low *Network, r *PairReport) {
	n.Model, n.Weights = n.Model.Clone(), maps.Clone(n.Weights)
	g := n.Model.Graph()
	initializers := make(map[string]tensor)
	for _, t := range g.Initializer {
		initializers[t.GetName()] = t
	}
	type choice struct {
		high   string
		low    tensor
		holder int
	}
	var order []choice
	groups := make(map[choice][]constantUse)
	for _, u := range r.uses {
		name := g.Node[u.node].Input[u.input]
		t := initializers[name]
		if u.holder < 0 || n.Holders[u.holder].Fixed || t == nil || DType(t.GetDataType()) != Float ||
			DType(u.low.GetDataType()) != Float || !slices.Equal(t.GetDims(), u.low.GetDims()) {
			continue
		}
		c := choice{name, u.low, u.holder}
		if groups[c] == nil {
			order = append(order, c)
		}
		groups[c] = append(groups[c], u)
	}
	times := timesRead(g)
	fresh := newNames(g)
	for _, c := range order {
		f := Followed{Name: c.high, Holder: c.holder, High: initializers[c.high]}
		if uses := groups[c]; times[c.high] != len(uses) {
			f.Name = fresh.fresh(c.high + "_followed")
			f.High = cloneTensor(f.High)
			f.High.Name = str(f.Name)
			g.Initializer = append(g.Initializer, f.High)
			if w := n.Weights[c.high]; w != nil {
				n.Weights[f.Name] = w.named(f.Name)
			}
			for _, u := range uses {
				g.Node[u.node].Input[u.input] = f.Name
			}
			times[c.high] -= len(uses)
		}
		f.Low = cloneTensor(c.low)
		f.Low.Name = str(f.Name)
		if w := low.Weights[groups[c][0].lowName]; w != nil {
			f.weight = w.named(f.Name)
		}
		n.Followed = append(n.Followed, f)
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		if slices.ContainsFunc(order, func(c choice) bool { return c.high == d.High && c.holder == d.Holder }) {
			d.Follows = n.Holders[d.Holder].Name
		}
	}
}

// timesRead counts the inputs that read a tensor; what a subgraph or an output takes counts as one more.
func timesRead(g graph) map[string]int {
	times := make(map[string]int)
	for _, nd := range g.GetNode() {
		for _, in := range nd.GetInput() {
			times[in]++
		}
		for _, in := range reads(nd) {
			if !slices.Contains(nd.GetInput(), in) {
				times[in]++
			}
		}
	}
	for _, v := range g.GetOutput() {
		times[v.GetName()]++
	}
	return times
}

// Chosen returns the network in which what follows the holders has the value that a mask gives it: low[i] if holder i is demoted.
// It shares everything else with n. It panics if there is not one bit a holder.
func (n *Network) Chosen(low []bool) *Network {
	if len(low) != len(n.Holders) {
		panic("onnx: a mask of another length than the holders")
	}
	if len(n.Followed) == 0 {
		return n
	}
	c := *n
	c.Followed, c.Weights, c.Biases = nil, maps.Clone(n.Weights), chooseBiases(n.Biases, n.Followed, low)
	for _, f := range n.Followed {
		if !low[f.Holder] {
			continue
		}
		delete(c.Weights, f.Name)
		if f.weight != nil {
			c.Weights[f.Name] = f.weight
		}
	}
	c.Model = n.Model.Choose(n.Followed, func(h int) bool { return low[h] })
	return &c
}

// Value returns the numbers of the constant in the 8-bit or the 16-bit file.
func (f Followed) Value(low bool) ([]float32, error) {
	if low {
		return Floats(f.Low)
	}
	return Floats(f.High)
}

// Choose returns the model, or a piece of it, in which constants that follow a holder have the value of the 8-bit file where the holder
// is low. The bytes of the tensors are shared with m.
func (m *Model) Choose(followed []Followed, low func(holder int) bool) *Model {
	other := make(map[string]tensor)
	for _, f := range followed {
		if low(f.Holder) {
			other[f.Name] = f.Low
		}
	}
	if len(other) == 0 {
		return m
	}
	c := m.Clone()
	g := c.Graph()
	for i, t := range g.Initializer {
		if o := other[t.GetName()]; o != nil {
			g.Initializer[i] = o
		}
	}
	return c
}

// Open returns a copy of the model in which the constants are inputs, for one that hands their values in. It shares everything else.
func (m *Model) Open(followed []Followed) *Model {
	open := make(map[string]bool)
	for _, f := range followed {
		open[f.Name] = true
	}
	c := m.Clone()
	g := c.Graph()
	for _, t := range g.Initializer {
		if open[t.GetName()] && !c.hasInput(t.GetName()) {
			g.Input = append(g.Input, newValue(t.GetName(), DType(t.GetDataType()), t.GetDims()))
		}
	}
	g.Initializer = slices.DeleteFunc(g.Initializer, func(t tensor) bool { return open[t.GetName()] })
	return c
}

func (m *Model) hasInput(name string) bool {
	return slices.ContainsFunc(m.Graph().Input, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
}

// named is the same weight for a tensor of another name.
func (w *Weight) named(name string) *Weight {
	c := *w
	c.Tensor = name
	return &c
}
