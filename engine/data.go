package engine

import (
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/sinks"
	"example.org/demote/onnx"
)

// OpenData opens samples for the inputs of a network: a .npz or .npy file, MNIST idx files or a folder of images. It
// refuses values that are not finite. The caller closes the set, behind all that use it.
func OpenData(path string, m *onnx.Model, o dataset.Options) (*dataset.Set, error) {
	set, err := dataset.Open(path, blocks.DataInputs(m), o)
	if err != nil {
		return nil, err
	}
	if err := set.CheckFinite(sinks.MaskInputs(m)...); err != nil {
		set.Close()
		return nil, err
	}
	return set, nil
}
