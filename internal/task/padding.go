package task

import (
	"slices"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// padding is what --pad puts behind samples that are shorter than others, by input: an element in the input's type.
func padding(c config.Config, m *onnx.Model) (map[string][]byte, error) {
	list, err := namedValues("--pad", c.Pad, "ids=0")
	if err != nil {
		return nil, err
	}
	inputs, pad := m.Inputs(), map[string][]byte{}
	for _, in := range list {
		at := slices.IndexFunc(inputs, func(v onnx.Value) bool { return v.Name == in.Name })
		if at < 0 {
			return nil, noInput("--pad", in, m)
		}
		t, err := ir.ParseTensor(in.Name, inputs[at].Type, nil, in.values)
		if err != nil {
			return nil, mistake.Errorf("--pad %s: %w", in.text, err)
		}
		pad[in.Name] = t.GetRawData()
	}
	return pad, nil
}
