//go:build cuda

package gpu

import (
	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cuda"
)

// weights are the constants that follow the mask, of all parts: both files' values in one arena each, and
// the active ones, which the sessions read where they are. A flip of the mask copies, on the device, what
// follows a holder whose bit has changed.
type weights struct {
	high, low, active *cuda.Buffer[float32]
	spans             *cuda.Buffer[cuda.WeightSpan]
	applied           *cuda.Buffer[uint8] // the mask that active is by
	selects, all      *cuda.Launch        // nil: nothing follows the mask
	values            map[string]*tensor  // by constant, on active
}

// spanElements keeps every constant on an address that is a multiple of 256 bytes.
const spanElements = 64

// open makes the arenas, on the worker's thread.
func (w *weights) open(g *gpu, parts []*part) (err error) {
	var spans []cuda.WeightSpan
	var high, low []float32
	var all []device.Followed
	w.values = map[string]*tensor{}
	for _, p := range parts {
		for _, f := range p.Followed {
			if _, met := w.values[f.Name]; met {
				continue // entries have some in common
			}
			w.values[f.Name] = nil
			all = append(all, f)
			a, err := f.Value(false)
			if err != nil {
				return err
			}
			b, err := f.Value(true)
			if err != nil {
				return err
			}
			spans = append(spans, cuda.WeightSpan{Offset: uint64(len(high)), Count: uint64(len(a)), Holder: uint32(f.Holder)})
			pad := make([]float32, (len(a)+spanElements-1)/spanElements*spanElements-len(a))
			high, low = append(append(high, a...), pad...), append(append(low, b...), pad...)
		}
	}
	if len(spans) == 0 {
		return nil
	}
	for _, b := range []struct {
		to   **cuda.Buffer[float32]
		name string
		from []float32
	}{{&w.high, "the 16-bit file's weights", high}, {&w.low, "the 8-bit file's weights", low}, {&w.active, "the active weights", high}} {
		if *b.to, err = cuda.NewBuffer[float32](g.d, b.name, len(b.from)); err != nil {
			return err
		}
		if err := (*b.to).Upload(g.stream, b.from); err != nil {
			return err
		}
	}
	if w.spans, err = cuda.NewBuffer[cuda.WeightSpan](g.d, "places of weights", len(spans)); err != nil {
		return err
	}
	if err := w.spans.Upload(g.stream, spans); err != nil {
		return err
	}
	if w.applied, err = cuda.NewBuffer[uint8](g.d, "the mask before", max(1, len(g.opts.Records))); err != nil {
		return err
	}
	return w.bind(g, all, spans)
}

// bind makes a tensor on the active arena for every constant.
func (w *weights) bind(g *gpu, all []device.Followed, spans []cuda.WeightSpan) error {
	memory := cuda.Reinterpret[uint8](w.active)
	for i, f := range all {
		t := device.Tensor{Name: f.Name, Type: cgo.Float32, Dims: f.Dims}
		// a view: closing it frees nothing
		v := &tensor{Tensor: t, memory: memory.View(int(spans[i].Offset)*4, int(spans[i].Count)*4)}
		var err error
		if v.value, err = g.value(t, v.memory); err != nil {
			return err
		}
		w.values[f.Name] = v
	}
	return nil
}

// follow brings the active weights in step with the mask that is on the device; first: whatever they were.
func (w *weights) follow(l *lane, first bool) error {
	if w.active == nil {
		return nil
	}
	if w.selects == nil {
		w.selects = l.g.d.SelectWeights(w.active, w.high, w.low, w.spans, l.masks.tensor.memory, w.applied, false)
		w.all = l.g.d.SelectWeights(w.active, w.high, w.low, w.spans, l.masks.tensor.memory, w.applied, true)
	}
	launch := w.selects
	if first {
		launch = w.all
	}
	if err := launch.Run(l.g.stream); err != nil {
		return err
	}
	return w.applied.CopyFrom(l.g.stream, l.masks.tensor.memory)
}

func (w *weights) close() {
	for _, v := range w.values {
		v.close()
	}
	for _, b := range []*cuda.Buffer[float32]{w.high, w.low, w.active} {
		_ = b.Close()
	}
	_ = w.spans.Close()
	_ = w.applied.Close()
	*w = weights{}
}
