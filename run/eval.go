package run

import (
	"context"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/engine"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/question"
	"example.org/demote/internal/record"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/task"
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
func Eval(ctx context.Context, c config.Config, file, reference, session string) (*Evaluation, error) {
	c = c.Filled()
	var settings map[string]string
	switch session {
	case "exact", "":
		session, settings = "exact", segments.ExactSession
	case "default":
	default:
		return nil, mistake.Errorf("--session %s: choose exact or default", session)
	}
	if err := config.OnlyCPU(c, "eval"); err != nil {
		return nil, err
	}
	if file == "" || c.Data == "" {
		return nil, mistake.Errorf("a file or --data is missing: demote eval FILE.onnx --data E.npz")
	}
	e, err := openPlain(ctx, c, file, reference, settings)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	bad := make([]bool, e.Samples())
	g := question.NewSight(e.prepared, e.metric, c, e.Evaluator)
	score, err := e.Outputs(ctx, search.NewMask(e.Holders()), func(sample int, row []float32) {
		g.See(sample, row)
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
	doubts, err := question.QuestionFile(e.prepared, ctx, c, g, e.src)
	if err != nil {
		return nil, err
	}
	e.warnings = append(append(e.warnings, doubts...), question.Detector(e.metric, score)...)
	return &Evaluation{File: file, Metric: e.metric.Name, Session: session, Samples: e.Samples(), Score: record.Score(score, e.metric.Lower), Warnings: e.warnings}, nil
}

// plain is a file that runs as it is on the data of a configuration.
type plain struct {
	*backend.Evaluator
	prepared *task.Task
	src      *segments.Source // of a file without quantizers of other formats; else nil
	metric   *metric.Metric
	command  *metric.Command         // that the metric is; nil: it is none
	name     func(sample int) string // what a sample is called
	warnings []result.Warning
}

// Close gives everything back.
func (p *plain) Close() {
	p.Evaluator.Close()
	p.command.Close()
	p.prepared.Close()
}

// openPlain compiles a file on the data of a configuration.
func openPlain(ctx context.Context, c config.Config, file, reference string, settings map[string]string) (_ *plain, err error) {
	m, unknown, err := task.ReadFixed(c, file)
	if err == nil {
		err = onnx.CheckConstants(m)
	}
	if err != nil {
		return nil, err
	}
	p := &task.Task{Model: m, Unknown: unknown, Once: true}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if err = p.ChooseOutputs(m, c); err != nil {
		return nil, err
	}
	if p.Block, err = blocks.Choose(m, c.Block); err != nil {
		return nil, err
	}
	if err := p.Open(c); err != nil {
		return nil, err
	}
	if err := c.CheckMetricFlags(); err != nil {
		return nil, err
	}
	metric, cmd, err := p.PickMetric(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			cmd.Close()
		}
	}()
	if !metric.NeedsReference || reference == "" {
		if err := task.UnknownInput(unknown, m); err != nil {
			return nil, err
		}
	}
	c, notes, err := evalBatch(p, ctx, c, m, settings)
	if err != nil {
		return nil, err
	}
	o := backend.Options{Metric: metric, Output: p.Output, Beside: p.Beside, Axis: p.Axis, Block: p.Block, Workers: c.Workers, Threads: c.Threads,
		Naive: true, Stream: true, Level: blocks.Optimization, Config: settings}
	engine.GiveLabels(&o, p.Data)
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
		o.Block = p.Block
	}
	if err := segments.Sound(m); err != nil {
		return nil, err
	}
	n, grids, err := evalNetwork(m, c)
	if err != nil {
		return nil, err
	}
	if err := tryEval(p, ctx, m, n, c, settings); err != nil {
		return nil, err
	}
	var records []quant.Record
	if n != nil {
		records = task.FixedRecords(grids)
	}
	var src *segments.Source
	e, err := p.Evaluator(ctx, records, o, func(q *task.Task) (backend.Source, backend.Samples, error) {
		if n != nil {
			src, _, err = q.FixedSource(ctx, n, grids)
		} else {
			src, err = segments.Plain(ctx, m, q.Inputs, q.Block, p.Outputs()...)
		}
		if err = q.OfShape(err); err == nil {
			err = q.CheckLabels(metric, src)
		}
		return src, q.Data, err
	})
	if err != nil {
		return nil, err
	}
	if records != nil || p.Groups != nil {
		src = nil
	}
	return &plain{e, p, src, metric, cmd, p.Data.Name, append(notes, p.StrayIgnore(c)...)}, nil
}

// evalNetwork is a file with quantizers that ONNX Runtime does not know, its own or of AIMET's encodings, as
// FakeQuant; nil: it runs as it is.
func evalNetwork(m *onnx.Model, c config.Config) (*onnx.Network, []quant.Grid, error) {
	if c.Encodings != "" {
		return task.Encoded(m, c.Encodings)
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
