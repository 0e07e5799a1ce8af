package task

import (
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/onnx"
)

// Outputs are all outputs that the metric reads, in its order.
func (p *Task) Outputs() []string { return append([]string{p.Output}, p.Beside...) }

// ChooseOutputs finds the outputs that the metric of a configuration reads.
func (p *Task) ChooseOutputs(m *onnx.Model, c config.Config) error {
	list, err := blocks.ChooseOutputs(m, c.Output, c.Beside)
	if err == nil {
		p.Output, p.Beside = list[0], list[1:]
	}
	return err
}
