package backend

import (
	"fmt"

	ort "github.com/yalue/onnxruntime_go"

	"demote/cgo"
)

// Measured is what one run of a model says of its tensors.
type Measured struct {
	Dims map[string][]int64 // by tensor
	Ints map[string][]int64 // the elements of the int64 tensors among them
}

// Measure runs a model once on zeros and returns the shapes of its outputs: the runtime's own word,
// for every operator that it knows. Optional outputs of other kinds than tensors are left out.
func Measure(model []byte, inputs []Tensor, outputs []string) (*Measured, error) {
	names := make([]string, len(inputs))
	values := make([]ort.Value, len(inputs))
	for i, in := range inputs {
		names[i] = in.Name
		v, err := ort.NewCustomDataTensor(ort.NewShape(in.Dims...), make([]byte, in.elems()*in.Type.Size()), ort.TensorElementDataType(in.Type))
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", in.Name, err)
		}
		defer v.Destroy()
		values[i] = v
	}
	opts, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer opts.Destroy()
	if err := opts.SetGraphOptimizationLevel(ort.GraphOptimizationLevelDisableAll); err != nil {
		return nil, err
	}
	if err := cgo.RegisterFakeQuant(opts); err != nil {
		return nil, err
	}
	session, err := ort.NewDynamicAdvancedSessionWithONNXData(model, names, outputs, opts)
	if err != nil {
		return nil, fmt.Errorf("onnx runtime cannot load the network: %w", err)
	}
	defer session.Destroy()
	results := make([]ort.Value, len(outputs))
	if err := session.Run(values, results); err != nil {
		return nil, fmt.Errorf("onnx runtime cannot run the network: %w", err)
	}
	m := &Measured{Dims: map[string][]int64{}, Ints: map[string][]int64{}}
	for i, v := range results {
		m.Dims[outputs[i]] = v.GetShape()
		if t, ok := v.(*ort.Tensor[int64]); ok {
			m.Ints[outputs[i]] = append([]int64(nil), t.GetData()...)
		}
		v.Destroy()
	}
	return m, nil
}
