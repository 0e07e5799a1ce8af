package blocks

import (
	"fmt"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// ByName are values by the names of their inputs.
func ByName(values []onnx.Value) map[string]onnx.Value {
	named := map[string]onnx.Value{}
	for _, v := range values {
		named[v.Name] = v
	}
	return named
}

// AxesText formats a shape, with ? for a free axis.
func AxesText(dims []int64) string {
	var list []string
	for _, d := range dims {
		text := "?"
		if d >= 0 {
			text = fmt.Sprint(d)
		}
		list = append(list, text)
	}
	return "[" + strings.Join(list, ",") + "]"
}

// ZeroStates are the initial values of states without an array in the data: zeros, one sample for each. A state with a
// free axis that is not the batch has none. If the batch is fixed and the first axis, a sample is a row of it.
func ZeroStates(m *onnx.Model) map[string][]byte {
	zeros := map[string][]byte{}
	for _, v := range m.Inputs() {
		if variants.FedBy(m, v.Name) == "" {
			continue
		}
		size, batch := int64(backend.DType(v.Type).Size()), inside(m, v)
		rows := v.Dims
		if fixedFront(m, v) {
			rows = v.Dims[1:]
		}
		for i, d := range rows {
			if i == batch && (d < 0 || batch > 0) { // one sample
				d = 1
			}
			size *= max(d, 0)
		}
		if size > 0 {
			zeros[v.Name] = make([]byte, size)
		}
	}
	return zeros
}

// fixedFront reports whether the first axis of a state is the batch of a network that is fixed to more than one sample:
// all inputs with axes have it.
func fixedFront(m *onnx.Model, v onnx.Value) bool {
	own := v.Dims[0]
	return own > 1 && variants.BatchElsewhere(m, v.Name) == 0 && !slices.ContainsFunc(m.Inputs(), func(u onnx.Value) bool { return len(u.Dims) > 0 && u.Dims[0] != own })
}

// stepsBy are the numbers of steps of a network's inputs, by name.
func stepsBy(inputs []backend.Tensor) map[string]int {
	steps := map[string]int{}
	for _, in := range inputs {
		if in.Steps > 0 {
			steps[in.Name] = in.Steps
		}
	}
	return steps
}

// backFlag is the flag that feeds an output back to an input that looks like its state; empty: none does.
func backFlag(m *onnx.Model, v onnx.Value) string {
	if out := variants.NextState(m, v); out != "" && variants.FedBy(m, v.Name) == "" {
		return "--state " + out + ":" + v.Name
	}
	return ""
}
