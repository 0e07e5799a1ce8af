package blocks

import (
	"example.org/demote/dataset"
	"example.org/demote/mistake"
)

// OfShape adds to an error of the network the shape, and the first sample, of the samples for which it occurred.
func OfShape(set *dataset.Set, inputs int, err error) error {
	if err == nil || !mistake.Is(err) {
		return err
	}
	return mistake.Errorf("%w; so it is with samples of shape %s, such as %s: resize them to a shape that the network takes, or leave them out", err, ShapeText(set, inputs), set.Name(0))
}
