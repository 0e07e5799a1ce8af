package task

import (
	"context"
	"fmt"
	"slices"

	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// FindBatch finds how the samples of a block lie in the network's output, and goes over to blocks of one where they
// touch each other: the configuration that it returns says so to what is done next. note is what the user is to know;
// nil: nothing.
func (p *Task) FindBatch(ctx context.Context, c config.Config, m *onnx.Model, quantized bool) (_ config.Config, note *result.Warning, err error) {
	if p.Batching, err = blocks.FindTogether(ctx, m, p.Data, quantized, p.Outputs()...); err != nil {
		return c, nil, err
	}
	if c.Alone != "" {
		p.Alone = c.Alone
	}
	if p.Alone == "" {
		return c, nil, nil
	}
	w := p.Warning()
	c, err = p.RunAlone(c, p.Alone)
	return c, &w, err
}

// RunAlone shapes the data into blocks of one sample.
func (p *Task) RunAlone(c config.Config, why string) (config.Config, error) {
	p.Alone, c.Alone = why, why
	if blocks.Fixed(p.Model) > 0 {
		return c, nil
	}
	c.Block = 1
	return c, p.SetBlock(1)
}

// tellBatch is FindBatch, with the note said and kept.
func (p *Task) tellBatch(ctx context.Context, c config.Config, m *onnx.Model) (config.Config, error) {
	c, note, err := p.FindBatch(ctx, c, m, false)
	p.tell(c, note)
	return c, err
}

// tell says a warning and keeps it; nil: there is none.
func (p *Task) tell(c config.Config, w *result.Warning) {
	if w != nil {
		p.Notes = append(p.Notes, *w)
		c.Say("warning: " + w.String())
	}
}

// AloneCalibrated has the samples of a calibration run alone where they touch each other in a float output of the
// network, and says so. What is fixed to a batch is calibrated in it.
func AloneCalibrated(ctx context.Context, m *onnx.Model, data blocks.Samples, c config.Config) (config.Config, error) {
	found, err := blocks.FindAll(ctx, m, data)
	if err == nil && found.Alone != "" {
		c.Alone = found.Alone
		c.Say("warning: " + found.Warning().String())
	}
	return c, err
}

// CanRunAlone tells whether blocks of one sample are left to be tried.
func (p *Task) CanRunAlone() bool {
	several := slices.ContainsFunc(p.Members(), func(q *Task) bool { return q.Block > 1 })
	return p.Alone == "" && several && blocks.Fixed(p.Model) == 0
}

// checkAlone says which inputs have samples run one by one, and refuses blocks of several there, whether the user
// asks for them or the network.
func checkAlone(m *onnx.Model, data blocks.Samples, c config.Config) error {
	asked := c.Block
	if !blocks.Alone(m, data) {
		if fixed := blocks.Fixed(m); fixed > 0 && asked > 0 && asked != fixed {
			return mistake.Errorf("--block %d: the network's batch is fixed to %d", asked, fixed)
		}
		return nil
	}
	for i, v := range m.Inputs() {
		if blocks.Axis(m, data, i) < 0 {
			if asked > 1 {
				return mistake.Errorf("--block %d: input %s of the network has no axis for samples, so that samples run one by one: leave it out", asked, v.Name)
			}
			c.Say(fmt.Sprintf("input %s has no axis for samples: they run one by one", v.Name))
			continue
		}
		if !data.Whole(i) && v.Dims[0] > 1 {
			return mistake.Errorf("%s: input %s takes %d samples at once, and others have no axis for them: export the network with a batch of 1, or give %s samples of %v", m.Path, v.Name, v.Dims[0], v.Name, v.Dims)
		}
	}
	return nil
}
