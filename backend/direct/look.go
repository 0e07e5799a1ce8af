package direct

import (
	"context"

	"example.org/demote/backend/device"
)

// A Seen is one output of one run.
type Seen struct {
	Dims   []int64
	Values []float32 // nil where it is not float32
}

// Look runs a model once on each of several batches, of any sizes, and returns its outputs by name. A batch is the
// network's inputs, whose samples First of the tensors reads. It computes without the runtime's optimizations.
func Look(ctx context.Context, model device.Model, batches ...[]device.Tensor) ([]map[string]Seen, error) {
	session, closeAll, err := openUnoptimized(ctx, model)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	var all []map[string]Seen
	for _, inputs := range batches {
		measured, err := runOnce(session.MeasureValues, inputs, func(run func()) { run() })
		if err != nil {
			return all, err
		}
		seen := map[string]Seen{}
		for i, p := range session.Outputs() {
			if m := measured[i]; m.Type != 0 {
				seen[p.Name] = Seen{Dims: m.Dims, Values: m.Floats}
			}
		}
		all = append(all, seen)
	}
	return all, nil
}
