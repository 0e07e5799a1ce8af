package segments

import (
	"fmt"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/backend/link"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx/onnxpb"
)

// Ship is the network for workers elsewhere, of which Shipped makes the same source.
func (s *Source) Ship() (n link.Network, err error) {
	n = link.Network{Holders: s.holders, Outputs: s.outputs, Axes: s.Model.Axes, Alone: s.Model.Alone, Fuses: s.fuses, Fed: s.fed, Steps: s.Model.Steps}
	for _, st := range s.Model.States {
		n.States = append(n.States, link.State{Output: st.Output, Input: st.Input})
	}
	if n.Model, err = s.Model.Bytes(); err != nil || len(s.followed) == 0 {
		return n, err
	}
	low := &onnxpb.GraphProto{Name: ir.Str("low")}
	for _, f := range s.followed {
		n.Followed, low.Initializer = append(n.Followed, link.Followed{Name: f.Name, Holder: f.Holder}), append(low.Initializer, f.Low)
	}
	one := s.followed[0] // a file has an output
	low.Output = append(low.Output, ir.NewValue(one.Name, ir.Float, one.Low.GetDims()))
	alone := &ir.Model{Proto: &onnxpb.ModelProto{IrVersion: s.Model.Proto.IrVersion, OpsetImport: s.Model.Proto.OpsetImport, Graph: low}}
	n.Low, err = alone.Bytes()
	return n, err
}

// Shipped is the source that Ship has described. The error says what is wrong with the network: it is read as a file
// that anybody may have written, and has no external data.
func Shipped(n link.Network) (backend.Source, error) {
	if n.Written != nil {
		return shippedWritten(n)
	}
	return shipped(n)
}

// shipped is what Source.Ship has described.
func shipped(n link.Network) (*Source, error) {
	m, err := ir.Parse(n.Model, "")
	if err != nil {
		return nil, err
	}
	m.Axes, m.Alone = n.Axes, n.Alone
	err = m.Walk(func(_ *ir.Place, node ir.Node) error {
		if node.GetDomain() != ir.FakeQuantDomain {
			return nil
		}
		if h := ir.AttrInt(node, "holder", -1); h < 0 || h >= int64(n.Holders) {
			return fmt.Errorf("node %s has holder %d, and there are %d", node.GetName(), h, n.Holders)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	values := map[string]bool{}
	for _, v := range m.Values() {
		values[v.Name] = true
	}
	for _, name := range n.Outputs {
		if !values[name] {
			return nil, fmt.Errorf("the network has no tensor %q", name)
		}
	}
	if err := takeSteps(m, n, values); err != nil {
		return nil, err
	}
	followed, err := takeFollowed(m, n)
	if err != nil {
		return nil, err
	}
	src, err := New(m, n.Holders, n.Outputs)
	if err != nil {
		return nil, err
	}
	for _, in := range src.Inputs() {
		if in.Axis < 0 && !n.Alone || in.Axis >= max(1, len(in.Dims)) {
			return nil, fmt.Errorf("input %s %v has no axis %d", in.Name, in.Dims, in.Axis)
		}
	}
	src.fuses, src.fed, src.followed = n.Fuses, n.Fed, followed
	return src, nil
}

// takeSteps has a model run over the steps of its samples as a shipped network says. values are its tensors.
func takeSteps(m *ir.Model, n link.Network, values map[string]bool) error {
	inputs := blocks.ByName(m.Inputs())
	for _, st := range n.States {
		if _, is := inputs[st.Input]; !is || !values[st.Output] || variants.FedBy(m, st.Input) != "" {
			return fmt.Errorf("%q cannot be fed by %q: each input of a network has one tensor at most", st.Input, st.Output)
		}
		m.States = append(m.States, ir.State{Output: st.Output, Input: st.Input})
	}
	all := 1
	for name, steps := range n.Steps {
		_, is := inputs[name]
		switch {
		case !is || len(n.States) == 0 || steps < 1:
			return fmt.Errorf("%d steps of %q, of a network that feeds %d inputs", steps, name, len(n.States))
		case steps > 1 && all > 1 && steps != all:
			return fmt.Errorf("inputs of %d and of %d steps", all, steps)
		}
		all = max(all, steps)
	}
	m.Steps = n.Steps
	return nil
}

// takeFollowed are the constants of a shipped network that follow holders.
func takeFollowed(m *ir.Model, n link.Network) (list []network.Followed, err error) {
	if len(n.Followed) == 0 {
		return nil, nil
	}
	low, err := ir.Parse(n.Low, "")
	if err != nil {
		return nil, fmt.Errorf("its low constants: %w", err)
	}
	of := func(m *ir.Model) map[string]ir.Tensor {
		all := map[string]ir.Tensor{}
		for _, t := range m.Graph().GetInitializer() {
			all[t.GetName()] = t
		}
		return all
	}
	highs, lows := of(m), of(low)
	seen := map[string]bool{}
	for _, f := range n.Followed {
		high, low := highs[f.Name], lows[f.Name]
		switch {
		case f.Holder < 0 || f.Holder >= n.Holders || seen[f.Name]:
			return nil, fmt.Errorf("constant %q follows holder %d, of %d, each once", f.Name, f.Holder, n.Holders)
		case high == nil || low == nil || !slices.Equal(high.GetDims(), low.GetDims()):
			return nil, fmt.Errorf("the network has no constant %q of two values with one shape", f.Name)
		case ir.DType(high.GetDataType()) != ir.Float || ir.DType(low.GetDataType()) != ir.Float:
			return nil, fmt.Errorf("constant %q follows a holder, and is no float", f.Name)
		}
		seen[f.Name] = true
		list = append(list, network.Followed{Name: f.Name, Holder: f.Holder, Low: low, High: high})
	}
	return list, nil
}
