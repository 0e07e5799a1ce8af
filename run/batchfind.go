package run

import (
	"context"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/internal/ir"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/result"
)

// findBatch finds how the samples of a block lie in the network's output, and goes over to blocks of one where they touch each
// other: the configuration that it returns says so to what is done next. note is what the user is to know; nil: nothing.
func (p *prepared) findBatch(ctx context.Context, c Config, m *onnx.Model, quantized bool) (_ Config, note *result.Warning, err error) {
	if p.batching, err = findBatching(ctx, m, p.data, quantized, p.output); err != nil {
		return c, nil, err
	}
	if c.alone != "" {
		p.alone = c.alone
	}
	if p.alone == "" {
		return c, nil, nil
	}
	w := p.warning()
	c, err = p.runAlone(c, p.alone)
	return c, &w, err
}

// runAlone shapes the data into blocks of one sample.
func (p *prepared) runAlone(c Config, why string) (Config, error) {
	p.alone, c.alone = why, why
	if batchOf(p.model) > 0 {
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

// aloneCalibrated has the samples of a calibration run alone where they touch each other in a float output of the network, and
// says so. What is fixed to a batch is calibrated in it.
func aloneCalibrated(ctx context.Context, m *onnx.Model, data samples, c Config) (Config, error) {
	var outputs []string
	for _, v := range m.Outputs() {
		if v.Type == ir.Float && notConstant(m, v.Name) == nil {
			outputs = append(outputs, v.Name)
		}
	}
	if batchOf(m) > 0 || len(outputs) == 0 {
		return c, nil
	}
	found, err := findBatching(ctx, m, data, false, outputs...)
	if err == nil && found.alone != "" {
		c.alone = found.alone
		c.Say("warning: " + found.warning().String())
	}
	return c, err
}

// evalBatch is findBatch for a file that is scored as it is.
func (p *prepared) evalBatch(ctx context.Context, c Config, m *onnx.Model, config map[string]string) (_ Config, notes []result.Warning, err error) {
	quantized := m.IsQDQ()
	if m.IsMCTQ() { // the runtime does not know its quantizers
		formula, err := quant.ParseFormula(c.Formula)
		if err != nil {
			return c, nil, err
		}
		n, _, err := onnx.ReadMCTQ(m, formula)
		if err != nil {
			return c, nil, err
		}
		m, quantized = n.Model, false
	}
	if err := tryNetwork(ctx, m, p.inputs, config, c.Say); err != nil {
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

// besideReference has the samples run alone where another network, that the file is compared with, must have them so. axis is that of
// the samples in its output.
func (p *prepared) besideReference(ctx context.Context, c Config, m *onnx.Model, output string) (_ *result.Warning, axis int, err error) {
	if p.alone != "" {
		return nil, 0, nil
	}
	var found batching
	for i, q := range p.members() {
		if i > 0 && q.data.Len() < 2 {
			continue // it shares no block
		}
		if found, err = findBatching(ctx, m, reordered(q.data, q.inputs, m), m.IsQDQ(), output); err != nil {
			return nil, found.axis, err
		}
		if found.alone != "" {
			break
		}
	}
	if found.alone == "" {
		return nil, found.axis, nil
	}
	found.alone = "the reference: " + found.alone
	_, err = p.runAlone(c, found.alone)
	return new(found.warning()), 0, err
}

// otherOrder are samples for a network that declares the same inputs in another order.
type otherOrder struct {
	samples
	numbers []int
}

// reordered is inOrderOf for a model that nobody has compiled yet.
func reordered(data samples, own []backend.Tensor, m *onnx.Model) samples {
	o := otherOrder{samples: data}
	for _, v := range m.Inputs() {
		o.numbers = append(o.numbers, slices.IndexFunc(own, func(t backend.Tensor) bool { return t.Name == v.Name }))
	}
	if slices.Contains(o.numbers, -1) {
		return data
	}
	return o
}

func (o otherOrder) Read(input, sample int, dst []byte) error {
	return o.samples.Read(o.numbers[input], sample, dst)
}

func (o otherOrder) Whole(input int) bool { return o.samples.Whole(o.numbers[input]) }

func (o otherOrder) Steps(input int) int { return o.samples.Steps(o.numbers[input]) }

func (o otherOrder) Shape(input int) []int64 { return o.samples.Shape(o.numbers[input]) }

// A touching is a network whose samples touch each other in blocks by so little that only the self-test has found it: whoever
// leads the run begins again with each sample alone.
type touching struct{ *backend.Dependence }

// canRunAlone tells whether blocks of one sample are left to be tried.
func (p *prepared) canRunAlone() bool {
	several := slices.ContainsFunc(p.members(), func(q *prepared) bool { return q.block > 1 })
	return p.alone == "" && several && batchOf(p.model) == 0
}

// aloneWhy is why the samples of a run were run alone; empty if they were not.
func aloneWhy(r *Result) string {
	for _, w := range r.Warnings {
		if w.ID == aloneID {
			why, _ := strings.CutSuffix(w.Text, aloneText)
			return why
		}
	}
	return ""
}
