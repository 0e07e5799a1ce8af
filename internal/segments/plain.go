package segments

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/onnx"
)

// Plain is any model that runs as it is: a network without holders.
func Plain(ctx context.Context, m *onnx.Model, inputs []backend.Tensor, block int, outputs ...string) (*Source, error) {
	if err := Sound(m); err != nil {
		return nil, err
	}
	s, err := blocks.Measure(ctx, m, inputs, block)
	if err != nil {
		return nil, err
	}
	fixed, err := s.Fix(m, inputs, block, nil)
	if err != nil {
		return nil, err
	}
	return New(s.AsOpen(fixed, m), 0, outputs)
}
