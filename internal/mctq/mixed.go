package mctq

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// mixed returns the 16-bit file of an MCTQ pair with the 8-bit file's quantizers at the named holders, as the toolkit
// itself exports such a mixed model: the activation attributes of the 8-bit file with their original thresholds and
// ranges, and everything else as in the 16-bit file. Both models are not changed. The written file equals the toolkit's
// file byte for byte. An error is mistake.Err: a name that one of the files does not have.
func mixed(low, high *ir.Model, demoted []string) (*ir.Model, error) {
	m := high.Clone()
	from, err := quantizersByName(low)
	if err != nil {
		return nil, low.InFile(err)
	}
	to, err := quantizersByName(m)
	if err != nil {
		return nil, high.InFile(err)
	}
	for _, name := range demoted {
		l, h := from[name], to[name]
		switch {
		case l == nil:
			return nil, low.InFile(mistake.Errorf("there is no holder %q", name))
		case h == nil:
			return nil, high.InFile(mistake.Errorf("there is no holder %q", name))
		}
		if l.GetOpType() != h.GetOpType() { // another kind of grid
			h.OpType, h.Attribute = l.OpType, wire.Clone(l).Attribute
			continue
		}
		for _, a := range l.GetAttribute() {
			ir.SetAttr(h, wire.Clone(a))
		}
		h.Attribute = slices.DeleteFunc(h.Attribute, func(a *onnxpb.AttributeProto) bool { return ir.Attr(l, a.GetName()) == nil })
	}
	return m, nil
}

func quantizersByName(m *ir.Model) (map[string]ir.Node, error) {
	x, err := ir.NewIndex(m)
	if err != nil {
		return nil, err
	}
	nodes, names := mctqHolders(x)
	byName := make(map[string]ir.Node)
	for i, n := range nodes {
		name := names[i]
		if name == "" { // as Read names it
			name = ir.Input(n, 0)
		}
		byName[name] = n
	}
	return byName, nil
}
