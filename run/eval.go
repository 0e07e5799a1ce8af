package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/engine"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/segments"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// An Evaluation is what `demote eval` says of a file.
type Evaluation struct {
	File    string        `json:"file"`
	Metric  string        `json:"metric"`
	Session string        `json:"session"`
	Samples int           `json:"samples"`
	Score   *result.Score `json:"score"`

	Warnings []result.Warning `json:"warnings,omitempty"`
}

// Eval is the command eval: the score of a float or QDQ file as it is. session is exact, which
// computes QDQ files as they are written, or default. Metrics that compare outputs compare with
// those of reference, another ONNX file.
func Eval(ctx context.Context, c Config, file, reference, session string) (*Evaluation, error) {
	c = c.withDefaults()
	var config map[string]string
	switch session {
	case "exact", "":
		session, config = "exact", segments.ExactSession
	case "default":
	default:
		return nil, mistake.Errorf("--session %s: choose exact or default", session)
	}
	if err := onlyCPU(c, "eval"); err != nil {
		return nil, err
	}
	if file == "" || c.Data == "" {
		return nil, mistake.Errorf("a file or --data is missing: demote eval FILE.onnx --data E.npz")
	}
	e, err := openPlain(ctx, c, file, reference, config)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	bad := make([]bool, e.Samples())
	g := e.prepared.newSight(e.metric, c, e.Evaluator)
	score, err := e.Outputs(ctx, search.NewMask(e.Holders()), func(sample int, row []float32) {
		g.see(sample, row)
		for _, v := range row {
			bad[sample] = bad[sample] || v != v
		}
	})
	if err != nil {
		return nil, err
	}
	if i := slices.Index(bad, true); i >= 0 && !c.AllowNaN {
		tensor, err := e.FirstNaN(i)
		if err != nil {
			return nil, err
		}
		return nil, mistake.Errorf("%s: the network gives NaN for %s, first in tensor %s; mend the network, leave out the sample, or go on with --allow-nan", file, e.name(i), tensor)
	}
	doubts, err := e.prepared.questionFile(ctx, c, g, e.src)
	if err != nil {
		return nil, err
	}
	e.warnings = append(e.warnings, doubts...)
	return &Evaluation{File: file, Metric: e.metric.Name, Session: session, Samples: e.Samples(), Score: scoreResult(score, e.metric.Lower), Warnings: e.warnings}, nil
}

// plain is a file that runs as it is on the data of a configuration.
type plain struct {
	*backend.Evaluator
	prepared *prepared
	src      *segments.Source // of a file without quantizers of other formats; else nil
	metric   *metric.Metric
	name     func(sample int) string // what a sample is called
	warnings []result.Warning
}

// Close gives everything back.
func (p *plain) Close() {
	p.Evaluator.Close()
	p.prepared.Close()
}

// openPlain compiles a file on the data of a configuration.
func openPlain(ctx context.Context, c Config, file, reference string, config map[string]string) (_ *plain, err error) {
	m, unknown, err := c.readFixed(file)
	if err == nil {
		err = onnx.CheckConstants(m)
	}
	if err != nil {
		return nil, err
	}
	p := &prepared{model: m, unknown: unknown, once: true}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if p.output, err = blocks.ChooseOutput(m, c.Output); err != nil {
		return nil, err
	}
	if p.block, err = blocks.Choose(m, c.Block); err != nil {
		return nil, err
	}
	if err := p.open(c); err != nil {
		return nil, err
	}
	if err := c.checkMetricFlags(); err != nil {
		return nil, err
	}
	metric, _, err := p.pickMetric(c)
	if err != nil {
		return nil, err
	}
	if !metric.NeedsReference || reference == "" {
		if err := unknownInput(unknown, m); err != nil {
			return nil, err
		}
	}
	c, notes, err := p.evalBatch(ctx, c, m, config)
	if err != nil {
		return nil, err
	}
	o := backend.Options{Metric: metric, Output: p.output, Axis: p.Axis, Block: p.block, Workers: c.Workers, Threads: c.Threads,
		Naive: true, Stream: true, Level: blocks.Optimization, Config: config}
	engine.GiveLabels(&o, p.data)
	if metric.NeedsReference {
		if reference == "" {
			return nil, mistake.Errorf("metric %s compares with another network: name it with --reference FLOAT.onnx, or choose another --metric", metric.Name)
		}
		var note *result.Warning
		if o.Reference, o.Places, note, err = referenceOutputs(ctx, c, reference, p, o); err != nil {
			return nil, err
		}
		if note != nil {
			notes = append(notes, *note)
		}
		o.Block = p.block
	}
	n, grids, err := evalNetwork(m, c)
	if err != nil {
		return nil, err
	}
	if err := p.tryEval(ctx, m, n, c, config); err != nil {
		return nil, err
	}
	var records []quant.Record
	if n != nil {
		records = fixedRecords(grids)
	}
	var src *segments.Source
	e, err := p.evaluator(ctx, records, o, func(q *prepared) (backend.Source, backend.Samples, error) {
		if n != nil {
			src, _, err = q.fixedSource(ctx, n, grids)
		} else {
			src, err = segments.Plain(ctx, m, q.inputs, q.block, p.output)
		}
		if err = q.ofShape(err); err == nil {
			err = q.checkLabels(metric, src)
		}
		return src, q.data, err
	})
	if err != nil {
		return nil, err
	}
	if records != nil || p.groups != nil {
		src = nil
	}
	return &plain{e, p, src, metric, p.data.Name, append(notes, p.strayIgnore(c)...)}, nil
}

// evalNetwork is a file with quantizers that ONNX Runtime does not know, its own or of AIMET's encodings, as
// FakeQuant; nil: it runs as it is.
func evalNetwork(m *onnx.Model, c Config) (*onnx.Network, []quant.Grid, error) {
	if c.Encodings != "" {
		return encoded(m, c.Encodings)
	}
	f, _ := onnx.FormatOf(m)
	if !f.Foreign {
		return nil, nil, nil
	}
	formula, err := quant.ParseFormula(c.Formula)
	if err != nil {
		return nil, nil, err
	}
	return f.Read(m, formula)
}

// tryEval has a child process try what is run.
func (p *prepared) tryEval(ctx context.Context, m *onnx.Model, n *onnx.Network, c Config, config map[string]string) error {
	if f, _ := onnx.FormatOf(m); !f.Foreign {
		return sandbox.Network(ctx, m, p.inputs, config, c.Say)
	}
	return sandbox.Network(ctx, n.Model, p.inputs, config, c.Say)
}

// referenceOutputs runs another network on the same samples; at says where the rows lie. Where its samples must be
// run alone, the file's are too: note says so.
func referenceOutputs(ctx context.Context, c Config, file string, p *prepared, o backend.Options) (rows []float32, at []int, note *result.Warning, err error) {
	m, unknown, err := c.readFixed(file)
	if err == nil {
		unknown = slices.DeleteFunc(unknown, func(in fixedInput) bool { return !lacks(p.unknown, in.name) })
		err = unknownInput(unknown, m)
	}
	if err == nil {
		err = onnx.CheckConstants(m)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	if err := p.feeds(m); err != nil {
		return nil, nil, nil, err
	}
	if err := p.sameTypes(c, m); err != nil {
		return nil, nil, nil, err
	}
	if err := p.sameBatch(c, m); err != nil {
		return nil, nil, nil, err
	}
	if o.Output, err = blocks.ChooseOutput(m, c.Output); err != nil {
		return nil, nil, nil, err
	}
	if err := sandbox.Network(ctx, m, p.inputs, o.Config, c.Say); err != nil {
		return nil, nil, nil, err
	}
	var axis int
	if note, axis, err = p.besideReference(ctx, c, m, o.Output); err != nil {
		return nil, nil, nil, err
	}
	o.Block, o.Axis = p.block, axis
	o.Metric = metric.OutputsOnly
	e, err := p.evaluator(ctx, nil, o, func(q *prepared) (backend.Source, backend.Samples, error) {
		src, err := segments.Plain(ctx, m, q.inputs, q.block, o.Output)
		if err != nil {
			return nil, nil, q.ofShape(err)
		}
		return src, blocks.InOrder(q.data, q.inputs, src.Inputs()), nil
	})
	if err != nil {
		return nil, nil, nil, err
	}
	defer e.Close()
	rows, err = e.AllOutputs(ctx, search.NewMask(0))
	return rows, e.Places(), note, err
}

// sameTypes sees that a reference takes the samples as they are read for the file. One that takes them in another
// floating-point type computes in float32 from then on; any other type is refused.
func (p *prepared) sameTypes(c Config, reference *onnx.Model) error {
	for i, v := range reference.Inputs() {
		at := slices.IndexFunc(p.inputs, func(t backend.Tensor) bool { return t.Name == v.Name })
		if at < 0 {
			at = i // by its place, see blocks.InOrder
		}
		if at >= len(p.inputs) || ir.DType(p.inputs[at].Type) == v.Type {
			continue
		}
		own, other := strings.ToLower(ir.DType(p.inputs[at].Type).String()), strings.ToLower(v.Type.String())
		if ir.DType(p.inputs[at].Type) != ir.Float || v.Type != ir.Float16 && v.Type != ir.BFloat16 && v.Type != ir.Double {
			return mistake.Errorf("%s: input %s is of type %s, and that of %s is %s: compare files that take one type", p.model.Path, p.inputs[at].Name, own, reference.Path, other)
		}
		c.Say(fmt.Sprintf("warning: %s takes %s and computes in it: it is run in float32, as %s is", reference.Path, other, p.model.Path))
		if err := onnx.Widen(reference, v.Type); err != nil {
			return err
		}
	}
	return nil
}

// sameBatch goes over to the blocks of a reference whose batch is fixed, where that of the file is free.
func (p *prepared) sameBatch(c Config, reference *onnx.Model) error {
	fixed, own := blocks.Fixed(reference), blocks.Fixed(p.model)
	if fixed == 0 || fixed == p.block || blocks.Alone(p.model, p.data) {
		return nil
	}
	if own == 0 && c.Block == 0 && p.groups == nil && p.Alone == "" && fixed <= p.data.Len() {
		return p.setBlock(fixed)
	}
	return mistake.Errorf("%s: its batch is fixed to %d, and %s is run in blocks of %d: compare files of one batch, or with a free one", reference.Path, fixed, p.model.Path, p.block)
}
