package segments

import (
	"fmt"

	"example.org/demote/backend"
	"example.org/demote/backend/link"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/onnx"
)

// Written is a file as it is written, with free axes, for batches of one size: a source with one segment.
type Written struct {
	backend.SourceBase
	File  *onnx.Model // the same as Model
	Model backend.Model
	Fed   []backend.Tensor // its inputs
	All   []backend.Tensor // its outputs
}

// Holders implements backend.Source.
func (w Written) Holders() int { return 0 }

// Inputs implements backend.Source.
func (w Written) Inputs() []backend.Tensor { return w.Fed }

// Cuts implements backend.Source.
func (w Written) Cuts() int { return 2 }

// Stored implements backend.Source.
func (w Written) Stored(int) []backend.StoredTensor { return nil }

// Probe implements backend.Source.
func (w Written) Probe() (*backend.Segment, error) { return w.Segment(0, 1) }

// Segment implements backend.Source.
func (w Written) Segment(int, int) (*backend.Segment, error) {
	return &backend.Segment{Model: w.Model, Inputs: w.Fed, Outputs: w.All}, nil
}

// Ship is the file for workers elsewhere, of which Shipped makes the same source.
func (w Written) Ship() (link.Network, error) {
	model, err := w.File.Bytes()
	return link.Network{Model: model, Written: &link.Written{Inputs: w.Fed, Outputs: w.All}}, err
}

// shippedWritten is what Written.Ship has described. The file may be anybody's.
func shippedWritten(n link.Network) (w Written, err error) {
	if w.File, err = ir.Parse(n.Model, ""); err != nil {
		return w, err
	}
	for _, side := range []struct {
		what  string
		given []backend.Tensor
		own   []onnx.Value
	}{{"input", n.Written.Inputs, w.File.Inputs()}, {"output", n.Written.Outputs, w.File.Outputs()}} {
		if len(side.given) != len(side.own) {
			return w, fmt.Errorf("%d %ss of a file that has %d", len(side.given), side.what, len(side.own))
		}
		for i, t := range side.given {
			v := side.own[i]
			if t.Name != v.Name || ir.DType(t.Type) != v.Type || v.Dims != nil && len(v.Dims) != len(t.Dims) || t.Steps != 0 || t.Fed != "" {
				return w, fmt.Errorf("%s %s is not as the file has it", side.what, t.Name)
			}
			if side.what == "input" && !t.Alone && (t.Axis < 0 || t.Axis >= max(1, len(t.Dims))) {
				return w, fmt.Errorf("input %s %v has no axis %d", t.Name, t.Dims, t.Axis)
			}
		}
	}
	w.Fed, w.All = n.Written.Inputs, n.Written.Outputs
	w.Model, err = blocks.ModelOf(w.File)
	return w, err
}
