package aimet

import (
	"bytes"
	"encoding/json"
	"fmt"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/quantize"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// overrides returns the grids of the holders as JSON for the option TensorQuantOverrides of ONNX Runtime's
// quantize_static: a map from tensors to a list of one object with quant_type ("QInt8", "QUInt16", ...), scale and
// zero_point, in the order of the holders. In Python the names become QuantType.from_string(quant_type), and the
// numbers NumPy arrays of float32 and of the integer type. Holder i has its low grid if low[i], else its high one. The
// file belongs to the float network of the holders' tensors. An error matches mistake.Err and names a holder whose grid
// fits no such type. overrides panics unless there are one record and one bit for each holder.
func overrides(n *network.Network, records []quant.Record, low []bool) ([]byte, error) {
	if len(low) != len(n.Holders) {
		panic(fmt.Sprintf("onnx: a mask of %d for %d holders", len(low), len(n.Holders)))
	}
	if err := quantize.CheckRecords(n, records); err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(n.Weights) {
		if w := n.Weights[name]; w.Bits() != 8 {
			return nil, n.Model.InFile(mistake.Errorf("weight %q has %d bits: overrides say nothing of weights, and ONNX Runtime's quantizer rounds them to 8", name, w.Bits()))
		}
	}
	var b bytes.Buffer
	b.WriteString("{")
	for i, h := range n.Activations() {
		grid := records[i].High
		if low[i] {
			grid = records[i].Low
		}
		kind, err := overrideType(grid)
		if err != nil {
			return nil, n.Model.InFile(mistake.Errorf("holder %q: %w", h.Name, err))
		}
		entry, err := json.Marshal([]any{struct {
			Type  string  `json:"quant_type"`
			Scale float64 `json:"scale"`
			Zero  int32   `json:"zero_point"`
		}{kind, float64(grid.Scale), grid.Zero}})
		if err != nil {
			return nil, err
		}
		name, err := json.Marshal(h.Tensor)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n  %s: %s", name, entry)
	}
	b.WriteString("\n}\n")
	return b.Bytes(), nil
}

// overrideType names a grid's integer type as ONNX Runtime's QuantType does.
func overrideType(g quant.Grid) (string, error) {
	t, err := quantize.GridType(g)
	if err != nil {
		return "", err
	}
	switch t {
	case ir.Int8:
		return "QInt8", nil
	case ir.Uint8:
		return "QUInt8", nil
	case ir.Int16:
		return "QInt16", nil
	case ir.Uint16:
		return "QUInt16", nil
	}
	return "", mistake.Errorf("ONNX Runtime's quantizer takes 8 and 16 bits, not %d", g.Bits)
}
