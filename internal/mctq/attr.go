package mctq

import (
	"math"

	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// attributes reads the attributes of one node strictly: each must be there once, of the type that the operator
// defines. The first thing wrong is kept and names node and attribute; what is read after it is zero.
type attributes struct {
	node ir.Node
	err  error
}

func (a *attributes) fail(format string, args ...any) {
	if a.err == nil {
		a.err = mistake.Errorf("%s: %w", ir.NodeName(a.node), mistake.Errorf(format, args...))
	}
}

func (a *attributes) get(name string, want onnxpb.AttributeProto_AttributeType) *onnxpb.AttributeProto {
	var found *onnxpb.AttributeProto
	for _, p := range a.node.GetAttribute() {
		if p.GetName() != name {
			continue
		}
		if found != nil {
			a.fail("attribute %q is there twice", name)
			return nil
		}
		found = p
	}
	switch {
	case found == nil:
		a.fail("attribute %q is missing", name)
	case found.GetType() != want:
		a.fail("attribute %q is of type %s, not %s", name, found.GetType(), want)
	default:
		return found
	}
	return nil
}

// integer reads an INT between two bounds.
func (a *attributes) integer(name string, lo, hi int64) int64 {
	p := a.get(name, onnxpb.AttributeProto_INT)
	if p == nil {
		return 0
	}
	v := p.GetI()
	if v < lo || v > hi {
		a.fail("attribute %q is %d, not between %d and %d", name, v, lo, hi)
		return 0
	}
	return v
}

// float reads a finite FLOAT.
func (a *attributes) float(name string) float32 {
	p := a.get(name, onnxpb.AttributeProto_FLOAT)
	if p == nil {
		return 0
	}
	v := float64(p.GetF())
	if math.IsNaN(v) || math.IsInf(v, 0) {
		a.fail("attribute %q is %g, not a finite number", name, v)
		return 0
	}
	return p.GetF()
}
