package pair

import (
	"maps"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// constantUse is a place that reads a constant which differs between the files.
type constantUse struct {
	node, input int // of the 16-bit file's graph
	low         ir.Tensor
	lowName     string
	holder      int // -1: none
}

// Follow makes every weight, bias and other float constant that differs between the files of a pair follow a holder:
// the first one after its layer (for the value of a Pad the one before it). The constant has the 8-bit file's value if
// that holder is demoted. r is the report that Join returned with n. A constant that several layers read becomes one
// for each holder. A constant stays that of the 16-bit file if it has no such holder, if the holder is Fixed, or if its
// dimensions differ; the report's Differences list them.
func Follow(n *network.Network, low *network.Network, r *Report) {
	n.Model, n.Weights = n.Model.Clone(), maps.Clone(n.Weights)
	g := n.Model.Graph()
	initializers := make(map[string]ir.Tensor)
	for _, t := range g.Initializer {
		initializers[t.GetName()] = t
	}
	type choice struct {
		high   string
		low    ir.Tensor
		holder int
	}
	var order []choice
	groups := make(map[choice][]constantUse)
	for _, u := range r.uses {
		name := g.Node[u.node].Input[u.input]
		t := initializers[name]
		if u.holder < 0 || n.Holders[u.holder].Fixed || t == nil || ir.DType(t.GetDataType()) != ir.Float ||
			ir.DType(u.low.GetDataType()) != ir.Float || !slices.Equal(t.GetDims(), u.low.GetDims()) {
			continue
		}
		c := choice{name, u.low, u.holder}
		if groups[c] == nil {
			order = append(order, c)
		}
		groups[c] = append(groups[c], u)
	}
	times := ir.TimesRead(g)
	fresh := ir.NewNames(g)
	for _, c := range order {
		f := network.Followed{Name: c.high, Holder: c.holder, High: initializers[c.high]}
		if uses := groups[c]; times[c.high] != len(uses) {
			f.Name = fresh.Fresh(c.high + "_followed")
			f.High = wire.CloneTensor(f.High)
			f.High.Name = ir.Str(f.Name)
			g.Initializer = append(g.Initializer, f.High)
			if w := n.Weights[c.high]; w != nil {
				n.Weights[f.Name] = named(w, f.Name)
			}
			for _, u := range uses {
				g.Node[u.node].Input[u.input] = f.Name
			}
			times[c.high] -= len(uses)
		}
		f.Low = wire.CloneTensor(c.low)
		f.Low.Name = ir.Str(f.Name)
		if w := low.Weights[groups[c][0].lowName]; w != nil {
			f.Weight = named(w, f.Name)
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

// FollowIn makes the constant of a name follow a holder: its low value is that of a constant of another model, under
// any name. Where both values are the same it follows nothing.
func FollowIn(n *network.Network, name string, holder int, low *ir.Model, lowName string) error {
	find := func(m *ir.Model, name string) ir.Tensor {
		at := slices.IndexFunc(m.Graph().GetInitializer(), func(t ir.Tensor) bool { return t.GetName() == name })
		return m.Graph().GetInitializer()[at]
	}
	f := network.Followed{Name: name, Holder: holder, High: find(n.Model, name), Low: wire.CloneTensor(find(low, lowName))}
	f.Low.Name = ir.Str(name)
	a, err := f.Value(true)
	if err != nil {
		return err
	}
	b, err := f.Value(false)
	if err == nil && !slices.Equal(a, b) {
		n.Followed = append(n.Followed, f)
	}
	return err
}

// Chosen returns the network in which constants that follow holders have their values for a mask: low[i] if holder i is
// demoted. It shares everything else with n. It panics unless there is one bit for each holder.
func Chosen(n *network.Network, low []bool) *network.Network {
	if len(low) != len(n.Holders) {
		panic("onnx: a mask of another length than the holders")
	}
	if len(n.Followed) == 0 {
		return n
	}
	c := *n
	c.Followed, c.Weights, c.Biases = nil, maps.Clone(n.Weights), quantize.ChooseBiases(n.Biases, n.Followed, low)
	for _, f := range n.Followed {
		if !low[f.Holder] {
			continue
		}
		delete(c.Weights, f.Name)
		if f.Weight != nil {
			c.Weights[f.Name] = f.Weight
		}
	}
	c.Model = Choose(n.Model, n.Followed, func(h int) bool { return low[h] })
	return &c
}

// Choose returns the model, or a piece of it, in which constants that follow a holder have the 8-bit file's value if
// the holder is low. It shares the bytes of the tensors with m.
func Choose(m *ir.Model, followed []network.Followed, low func(holder int) bool) *ir.Model {
	other := make(map[string]ir.Tensor)
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

// Open returns a copy of the model with these constants as inputs, so that the caller can supply their values. It
// shares everything else.
func Open(m *ir.Model, followed []network.Followed) *ir.Model {
	open := make(map[string]bool)
	for _, f := range followed {
		open[f.Name] = true
	}
	c := m.Clone()
	g := c.Graph()
	for _, t := range g.Initializer {
		if open[t.GetName()] && !hasInput(c, t.GetName()) {
			g.Input = append(g.Input, ir.NewValue(t.GetName(), ir.DType(t.GetDataType()), t.GetDims()))
		}
	}
	g.Initializer = slices.DeleteFunc(g.Initializer, func(t ir.Tensor) bool { return open[t.GetName()] })
	return c
}

func hasInput(m *ir.Model, name string) bool {
	return slices.ContainsFunc(m.Graph().Input, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
}

// named is the same weight for a tensor of another name.
func named(w *network.Weight, name string) *network.Weight {
	c := *w
	c.Tensor = name
	return &c
}
