package trial

import (
	"context"

	"example.org/demote/internal/blocks"
	"example.org/demote/onnx"
)

// Axes writes the axes of the search into a file where that is wanted.
func (s *Runner) Axes(ctx context.Context, m *onnx.Model) (*onnx.Model, error) {
	if !s.Config.FixShapes || !blocks.HasFreeAxes(m) {
		return m, nil
	}
	known, err := s.Measured(ctx)
	if err != nil {
		return nil, err
	}
	return s.WithAxes(m, s.FixShapes, known), nil
}
