package run

import (
	"context"

	"demote/onnx"
	"demote/quant"
)

// An Inspection is what `demote inspect` shows of a network.
type Inspection struct {
	Model   string             `json:"model"`
	Opset   int64              `json:"opset"`
	Inputs  []onnx.Value       `json:"inputs"`
	Outputs []onnx.Value       `json:"outputs"`
	Holders []InspectedHolder  `json:"holders"`
	Omitted []InspectedOmitted `json:"omitted"`
}

// An InspectedHolder is a holder with what is around it, and its grids where calibration data was
// given.
type InspectedHolder struct {
	Name      string      `json:"name"`
	Tensor    string      `json:"tensor"`
	Index     int         `json:"index"`
	Producer  string      `json:"producer"`
	Op        string      `json:"op"`
	Consumers []string    `json:"consumers"`
	Low       *GridResult `json:"low,omitempty"`
	High      *GridResult `json:"high,omitempty"`
}

// An InspectedOmitted is a tensor without a holder, and why.
type InspectedOmitted struct {
	Tensor   string `json:"tensor"`
	Producer string `json:"producer"`
	Op       string `json:"op"`
	Reason   string `json:"reason"`
}

// Inspect is the command inspect: every holder with its producer and consumers, its ranges where
// Config.Calib is given, and why every other tensor has none.
func Inspect(ctx context.Context, c Config) (*Inspection, error) {
	c = c.withDefaults()
	if c.Model == "" {
		return nil, mistakef("--model is missing: demote inspect --model M.onnx [--calib C.npz]")
	}
	m, err := onnx.Read(c.Model)
	if err != nil {
		return nil, err
	}
	n, err := onnx.Prepare(m, onnx.Options{OutputHolder: c.OutputHolder})
	if err != nil {
		return nil, err
	}
	var records []quant.Record
	if c.Calib != "" {
		calib, err := openData(c.Calib, "", m, c, 0, streamed)
		if err != nil {
			return nil, err
		}
		defer calib.Close()
		if records, err = calibrate(ctx, n, calib, c); err != nil {
			return nil, err
		}
	}
	out := &Inspection{Model: c.Model, Opset: n.Opset, Inputs: m.Inputs(), Outputs: m.Outputs(), Omitted: []InspectedOmitted{}}
	for i, h := range n.Holders {
		row := InspectedHolder{Name: h.Name, Tensor: h.Tensor, Index: h.Index, Producer: h.Producer, Op: h.Op, Consumers: h.Consumers}
		if records != nil {
			low, high := gridResult(records[i].Low), gridResult(records[i].High)
			row.Low, row.High = &low, &high
		}
		out.Holders = append(out.Holders, row)
	}
	for _, o := range n.Omitted {
		out.Omitted = append(out.Omitted, InspectedOmitted{Tensor: o.Tensor, Producer: o.Producer, Op: o.Op, Reason: o.Reason})
	}
	return out, nil
}
