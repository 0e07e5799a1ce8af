package segments

import (
	"fmt"

	"example.org/demote/backend"
	"example.org/demote/backend/link"
	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
)

// Ship is the network for workers elsewhere, of which Shipped makes the same source. The error is a mistake.Err that
// names what cannot be shipped.
func (s *Source) Ship() (link.Network, error) {
	switch {
	case len(s.followed) > 0:
		return link.Network{}, mistake.Errorf("--search-weights: weights that follow the activations cannot be handed to workers elsewhere yet: search on this machine")
	case len(s.Model.States) > 0 || len(s.Model.Steps) > 0:
		return link.Network{}, mistake.Errorf("--state: samples of several steps cannot be handed to workers elsewhere yet: search on this machine")
	}
	model, err := s.Model.Bytes()
	return link.Network{Model: model, Holders: s.holders, Outputs: s.outputs, Axes: s.Model.Axes, Alone: s.Model.Alone, Fuses: s.fuses, Fed: s.fed}, err
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
	src, err := New(m, n.Holders, n.Outputs)
	if err != nil {
		return nil, err
	}
	for _, in := range src.Inputs() {
		if in.Axis < 0 && !n.Alone || in.Axis >= max(1, len(in.Dims)) {
			return nil, fmt.Errorf("input %s %v has no axis %d", in.Name, in.Dims, in.Axis)
		}
	}
	src.fuses, src.fed = n.Fuses, n.Fed
	return src, nil
}
