package run

import (
	"context"

	"example.org/demote/config"
	"example.org/demote/internal/cost"
	"example.org/demote/internal/record"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/task"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// An Inspection is what `demote inspect` shows of a network.
type Inspection struct {
	Model   string             `json:"model"`
	Opset   int64              `json:"opset"`
	Inputs  []InspectedValue   `json:"inputs"`
	Outputs []InspectedValue   `json:"outputs"`
	Holders []InspectedHolder  `json:"holders"`
	Omitted []InspectedOmitted `json:"omitted"`
	Widths  *result.Widths     `json:"widths,omitempty"` // of its grids; absent: int8 and int16
	Notes   []string           `json:"notes,omitempty"`  // of a pair: in what else its files differ

	// what stays in floating point, over the sizes that the file declares
	FloatWork *result.FloatWork `json:"float_work"`
	Unrolled  []result.Unrolled `json:"unrolled,omitempty"`
	Layers    []result.Layer    `json:"layers"` // with weights, and their widths
}

// An InspectedValue is an input or an output of the network.
type InspectedValue struct {
	Name string  `json:"name"`
	Type string  `json:"type"` // as ONNX calls it: FLOAT, INT64
	Dims []int64 `json:"dims"` // -1: any size; null: the file does not say
}

// inspected are values as an Inspection has them.
func inspected(values []onnx.Value) []InspectedValue {
	list := make([]InspectedValue, len(values))
	for i, v := range values {
		list[i] = InspectedValue{v.Name, v.Type.String(), v.Dims}
	}
	return list
}

// An InspectedHolder is a holder with what is around it, and its grids where calibration data was given. Weights that
// are searched are read by their layers, and made by nobody.
type InspectedHolder struct {
	Name      string       `json:"name"`
	Tensor    string       `json:"tensor"`
	Index     int          `json:"index"`
	Producer  string       `json:"producer"`
	Op        string       `json:"op"`
	Consumers []string     `json:"consumers"`
	Low       *result.Grid `json:"low,omitempty"`
	High      *result.Grid `json:"high,omitempty"`

	Weights *result.Widths `json:"weights,omitempty"` // of weights, with --search-weights: between which they move
}

// An InspectedOmitted is a tensor without a holder, and why.
type InspectedOmitted struct {
	Tensor   string `json:"tensor"`
	Producer string `json:"producer"`
	Op       string `json:"op"`
	Reason   string `json:"reason"`
}

// Inspect is the command inspect: every holder with its producer and consumers, its ranges where
// Config.Calib is given or a pair or encodings bring them, and why every other tensor has none.
func Inspect(ctx context.Context, c config.Config) (*Inspection, error) {
	c = c.Filled()
	p := &task.Task{}
	err := c.CheckBits()
	if err != nil {
		return nil, err
	}
	switch pair := c.Low != "" || c.High != ""; {
	case pair || c.HasEncodings():
		c.Data = "-" // none is needed
		if err := c.CheckGiven(); err != nil {
			return nil, err
		}
		if pair {
			err = p.ReadPair(c)
		} else {
			err = p.ReadEncodings(c)
		}
	case c.Model == "":
		return nil, mistake.Errorf("--model is missing: demote inspect --model M.onnx [--calib C.npz]")
	default:
		err = inspectFloat(p, ctx, c)
	}
	if err != nil {
		return nil, err
	}
	m, n, records := p.Model, p.Network, p.Records
	out := &Inspection{Widths: p.Widths(), Unrolled: task.NodesUnrolled(n), Model: c.Networks(), Notes: texts(p.Notes), Opset: n.Opset, Inputs: inspected(m.Inputs()), Outputs: inspected(m.Outputs()), Omitted: []InspectedOmitted{}}
	for i, h := range n.Holders {
		row := InspectedHolder{Name: h.Name, Tensor: h.Tensor, Index: h.Index, Producer: h.Producer, Op: h.Op, Consumers: h.Consumers}
		if w := h.Weights; w != nil {
			row.Weights = &result.Widths{Low: w.Low.String(), High: w.High.String()}
		}
		if records != nil {
			low, high := record.Grid(records[i].Low), record.Grid(records[i].High)
			row.Low, row.High = &low, &high
		}
		out.Holders = append(out.Holders, row)
	}
	if out.FloatWork, err = cost.Guessed(n); err != nil {
		return nil, err
	}
	if out.Layers, err = task.LayersOf(n); err != nil {
		return nil, err
	}
	for _, o := range n.Omitted {
		out.Omitted = append(out.Omitted, InspectedOmitted{Tensor: o.Tensor, Producer: o.Producer, Op: o.Op, Reason: o.Reason})
	}
	return out, nil
}

// inspectFloat finds the holders of a float network, and their grids where calibration samples are given.
func inspectFloat(p *task.Task, ctx context.Context, c config.Config) (err error) {
	if p.Model, err = task.ReadNetwork(c, c.Model); err != nil {
		return err
	}
	p.Notes = task.FixedNotes(c, p.Model)
	if p.Network, err = task.PrepareFloat(ctx, p.Model, c); err != nil {
		return err
	}
	p.Notes = append(p.Notes, task.PreparedNotes(c, p.Network)...)
	if c.SearchWeights {
		if err := task.HoldWeights(p.Network); err != nil {
			return err
		}
	}
	if c.Calib == "" {
		return nil
	}
	calib, err := task.OpenCalib(p.Model, c)
	if err != nil {
		return err
	}
	defer calib.Close()
	if err := sandbox.Float(ctx, p.Model, calib, c.Say); err != nil {
		return err
	}
	if c, err = task.AloneCalibrated(ctx, p.Model, calib, c); err != nil {
		return err
	}
	grids, err := task.CalibrateAndTell(ctx, p.Network, calib, c.WithoutScores())
	if err == nil {
		p.Records = grids.Records
	}
	return err
}

// texts are warnings without their ids, a line each.
func texts(list []result.Warning) []string {
	var lines []string
	for _, w := range list {
		lines = append(lines, mistake.Text(w.String()))
	}
	return lines
}
