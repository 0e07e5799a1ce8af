package aimet

import (
	"encoding/json"
	"fmt"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/quantize"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// encoding100 and encoding061 are the objects of the two formats.
type encoding100 struct {
	Name      string    `json:"name"`
	DType     string    `json:"dtype"`
	Kind      string    `json:"enc_type"`
	Bits      int       `json:"bw"`
	Symmetric bool      `json:"is_sym"`
	Scale     []float64 `json:"scale"`
	Offset    []int64   `json:"offset"`
}

type encoding061 struct {
	Bits      int     `json:"bitwidth"`
	DType     string  `json:"dtype"`
	Symmetric string  `json:"is_symmetric"`
	Min       float64 `json:"min"`
	Max       float64 `json:"max"`
	Offset    int64   `json:"offset"`
	Scale     float64 `json:"scale"`
}

// write returns the grids of holders and weights as an AIMET encodings file of version "1.0.0" or "0.6.1". Holder i has
// its low grid if low[i], else its high one; weights have int8 grids with one scale per channel. Weights whose channels
// are on another axis than AIMET's are left out, since the formats cannot express that. An error matches mistake.Err
// and names a holder whose grid does not use all codes of its width, or an unknown version. write panics unless there
// are one record and one bit for each holder.
func write(n *network.Network, records []quant.Record, low []bool, version string) ([]byte, error) {
	if len(low) != len(n.Holders) {
		panic(fmt.Sprintf("onnx: a mask of %d for %d holders", len(low), len(n.Holders)))
	}
	if err := quantize.CheckRecords(n, records); err != nil {
		return nil, err
	}
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	var activations, parameters []encoding100
	for i, h := range n.Activations() {
		grid := records[i].High
		if low[i] {
			grid = records[i].Low
		}
		if grid.Width() == quant.Half {
			return nil, n.Model.InFile(mistake.Errorf("holder %q: encodings have no bf16", h.Name))
		}
		if int64(grid.Max)-int64(grid.Min)+1 != int64(1)<<grid.Bits || grid.Formula == quant.MCTQ && grid.Offset != 0 {
			return nil, n.Model.InFile(mistake.Errorf("holder %q: AIMET has no encoding for the codes of %v", h.Name, grid))
		}
		offset := int64(grid.Min) - int64(grid.Zero)
		activations = append(activations, encoding100{Name: h.Tensor, DType: "INT", Kind: "PER_TENSOR", Bits: grid.Bits,
			Symmetric: offset == -(int64(1) << (grid.Bits - 1)), Scale: []float64{float64(grid.Scale)}, Offset: []int64{offset}})
	}
	for _, name := range sortedKeys(n.Weights) {
		w := n.Weights[name]
		e := encoding100{Name: name, DType: "INT", Kind: "PER_TENSOR", Bits: w.Bits(), Symmetric: true}
		if w.Axis >= 0 && len(w.Scales) > 1 {
			if channelAxis(x, name, w.Dims, len(w.Scales)) != w.Axis {
				continue
			}
			e.Kind = "PER_CHANNEL"
		}
		for _, s := range w.Scales {
			e.Scale, e.Offset = append(e.Scale, float64(s)), append(e.Offset, -1<<(w.Bits()-1))
		}
		parameters = append(parameters, e)
	}
	var file any
	switch version {
	case encodings100:
		file = map[string]any{"version": version, "activation_encodings": activations, "param_encodings": append([]encoding100{}, parameters...)}
	case encodings061:
		file = map[string]any{"version": version, "activation_encodings": older(activations), "param_encodings": older(parameters)}
	default:
		return nil, mistake.Errorf("encodings of version %q: %s and %s can be written", version, encodings100, encodings061)
	}
	data, err := json.MarshalIndent(file, "", " ")
	return append(data, '\n'), err
}

// older turns encodings of format 1.0.0 into those of 0.6.1.
func older(all []encoding100) map[string][]encoding061 {
	out := make(map[string][]encoding061)
	for _, e := range all {
		symmetric := "False"
		if e.Symmetric {
			symmetric = "True"
		}
		for i, s := range e.Scale {
			most := e.Offset[i] + int64(1)<<e.Bits - 1
			out[e.Name] = append(out[e.Name], encoding061{Bits: e.Bits, DType: "int", Symmetric: symmetric,
				Min: float64(e.Offset[i]) * s, Max: float64(most) * s, Offset: e.Offset[i], Scale: s})
		}
	}
	return out
}
