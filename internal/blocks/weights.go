package blocks

import (
	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/internal/ir"
	"example.org/demote/onnx"
)

// ModelOf returns a model in the form for sessions. It shares its weights with m.
func ModelOf(m *onnx.Model) (device.Model, error) {
	file, apart, err := m.Apart()
	if err != nil {
		return device.Model{}, err
	}
	out := device.Model{Bytes: file}
	for _, t := range apart {
		out.Weights = append(out.Weights, device.Weight{Name: t.GetName(), Type: backend.DType(t.GetDataType()), Dims: t.GetDims(), Data: t.GetRawData()})
	}
	return out, nil
}

// Optimizing optimizes a model with the settings of a session.
func Optimizing(optimize func(device.Model) (string, error)) func(*ir.Model) (string, error) {
	return func(m *ir.Model) (string, error) {
		model, err := ModelOf(m)
		if err != nil {
			return "", err
		}
		return optimize(model)
	}
}
