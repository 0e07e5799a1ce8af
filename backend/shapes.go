package backend

import (
	"fmt"
	"runtime"

	"demote/cgo"
)

// Measure runs a model once on zeros and returns the shapes of the named outputs, those of other
// kinds than tensors left out: the runtime's own word, for every operator that it knows.
func Measure(model []byte, inputs []Tensor, outputs []string) (map[string][]int64, error) {
	session, err := cgo.NewSession(model, cgo.Options{Level: 0, IntraThreads: runtime.GOMAXPROCS(0)})
	if err != nil {
		return nil, fmt.Errorf("onnx runtime cannot load the network: %w", err)
	}
	defer session.Close()
	fed := map[string]*cgo.Tensor{}
	for _, in := range inputs {
		t, err := cgo.NewTensor(in.Type, in.Dims...)
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", in.Name, err)
		}
		defer t.Close()
		clear(t.Bytes())
		fed[in.Name] = t
	}
	measured, err := session.Measure(fed)
	if err != nil {
		return nil, fmt.Errorf("onnx runtime cannot run the network: %w", err)
	}
	wanted := map[string]bool{}
	for _, name := range outputs {
		wanted[name] = true
	}
	dims := map[string][]int64{}
	for i, p := range session.Outputs() {
		if wanted[p.Name] && measured[i].Type != 0 {
			dims[p.Name] = measured[i].Dims
		}
	}
	return dims, nil
}
