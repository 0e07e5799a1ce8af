package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/sandbox"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/result"
)

// findBatch finds how the samples of a block lie in the network's output, and goes over to blocks of one where they
// touch each other: the configuration that it returns says so to what is done next. note is what the user is to know;
// nil: nothing.
func (p *prepared) findBatch(ctx context.Context, c Config, m *onnx.Model, quantized bool) (_ Config, note *result.Warning, err error) {
	if p.Batching, err = blocks.Find(ctx, m, p.data, quantized, p.output); err != nil {
		return c, nil, err
	}
	if c.Alone != "" {
		p.Alone = c.Alone
	}
	if p.Alone == "" {
		return c, nil, nil
	}
	w := p.Warning()
	c, err = p.runAlone(c, p.Alone)
	return c, &w, err
}

// runAlone shapes the data into blocks of one sample.
func (p *prepared) runAlone(c Config, why string) (Config, error) {
	p.Alone, c.Alone = why, why
	if blocks.Fixed(p.model) > 0 {
		return c, nil
	}
	c.Block = 1
	return c, p.setBlock(1)
}

// tellBatch is findBatch, with the note said and kept.
func (p *prepared) tellBatch(ctx context.Context, c Config, m *onnx.Model) (Config, error) {
	c, note, err := p.findBatch(ctx, c, m, false)
	p.tell(c, note)
	return c, err
}

// tell says a warning and keeps it; nil: there is none.
func (p *prepared) tell(c Config, w *result.Warning) {
	if w != nil {
		p.notes = append(p.notes, *w)
		c.Say("warning: " + w.String())
	}
}

// aloneCalibrated has the samples of a calibration run alone where they touch each other in a float output of the
// network, and says so. What is fixed to a batch is calibrated in it.
func aloneCalibrated(ctx context.Context, m *onnx.Model, data blocks.Samples, c Config) (Config, error) {
	found, err := blocks.FindAll(ctx, m, data)
	if err == nil && found.Alone != "" {
		c.Alone = found.Alone
		c.Say("warning: " + found.Warning().String())
	}
	return c, err
}

// evalBatch is findBatch for a file that is scored as it is.
func (p *prepared) evalBatch(ctx context.Context, c Config, m *onnx.Model, config map[string]string) (_ Config, notes []result.Warning, err error) {
	f, quantized := onnx.FormatOf(m)
	if f.Foreign {
		formula, err := quant.ParseFormula(c.Formula)
		if err != nil {
			return c, nil, err
		}
		n, _, err := f.Read(m, formula)
		if err != nil {
			return c, nil, err
		}
		m, quantized = n.Model, false
	}
	if err := sandbox.Network(ctx, m, p.inputs, config, c.Say); err != nil {
		return c, nil, err
	}
	c, note, err := p.findBatch(ctx, c, m, quantized)
	if note != nil {
		notes = append(notes, *note)
	}
	if err != nil || quantized {
		return c, notes, err
	}
	if note, err = checkPadding(ctx, m, p.data, p.output, c.Data); note != nil {
		notes = append(notes, *note)
	}
	return c, notes, err
}

// besideReference has the samples run alone where another network, that the file is compared with, must have them so.
// axis is that of the samples in its output.
func (p *prepared) besideReference(ctx context.Context, c Config, m *onnx.Model, output string) (_ *result.Warning, axis int, err error) {
	if p.Alone != "" {
		return nil, 0, nil
	}
	var found blocks.Batching
	for i, q := range p.members() {
		if i > 0 && q.data.Len() < 2 {
			continue // it shares no block
		}
		if found, err = blocks.Find(ctx, m, blocks.Reordered(q.data, q.inputs, m), m.IsQDQ(), output); err != nil {
			return nil, found.Axis, err
		}
		if found.Alone != "" {
			break
		}
	}
	if found.Alone == "" {
		return nil, found.Axis, nil
	}
	found.Alone = "the reference: " + found.Alone
	_, err = p.runAlone(c, found.Alone)
	return new(found.Warning()), 0, err
}

// A touching is a network whose samples touch each other in blocks by so little that only the self-test has found it:
// whoever leads the run begins again with each sample alone.
type touching struct{ *backend.Dependence }

// canRunAlone tells whether blocks of one sample are left to be tried.
func (p *prepared) canRunAlone() bool {
	several := slices.ContainsFunc(p.members(), func(q *prepared) bool { return q.block > 1 })
	return p.Alone == "" && several && blocks.Fixed(p.model) == 0
}

// aloneWhy is why the samples of a run were run alone; empty if they were not.
func aloneWhy(r *Result) string {
	for _, w := range r.Warnings {
		if w.ID == blocks.AloneID {
			why, _ := strings.CutSuffix(w.Text, blocks.AloneText)
			return why
		}
	}
	return ""
}

// checkAlone says which inputs have samples run one by one, and refuses blocks of several there, whether the user
// asks for them or the network.
func checkAlone(m *onnx.Model, data blocks.Samples, c Config) error {
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
