package segments

import "example.org/demote/backend"

// Written is a file as it is written, with free axes, for batches of one size: a source with one segment.
type Written struct {
	backend.SourceBase
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
