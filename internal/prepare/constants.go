package prepare

import (
	"errors"

	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/opset"
)

// CheckConstants refuses a network whose constants the runtime would expand to far more than the file has: by an error
// that matches mistake.Err and names a node. The model is not changed. Networks from Network and from the readers of
// quantized files are already checked.
func CheckConstants(m *ir.Model) error {
	c := m.Clone()
	// an operator that is not known is for the runtime to take or refuse
	if opset.Convert(c) != nil || opset.Inline(c) != nil {
		c = m.Clone()
	}
	if err := fold.Constants(c); errors.Is(err, fold.ErrConstants) {
		return m.InFile(err)
	}
	return nil
}
