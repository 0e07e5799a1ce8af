package cpu

import (
	"fmt"
	"maps"
	"path/filepath"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/search"
)

// Optimize implements device.Device: what the runtime saves of a model that it loads with all optimizations, its
// large weights in another file beside it.
func (d *Device) Optimize(model device.Model, folder string) (path string, err error) {
	path = filepath.Join(folder, "optimized.onnx")
	config := maps.Clone(d.opts.Config)
	if config == nil {
		config = map[string]string{}
	}
	// The session is never run: it is to have its weights neither as kernels want them nor in a message.
	config["session.disable_prepacking"] = "1"
	config["session.optimized_model_external_initializers_file_name"] = "optimized.data"
	config["session.optimized_model_external_initializers_min_size_in_bytes"] = "16384"
	session, err := model.Session(cgo.Options{Level: d.opts.Level, IntraThreads: d.opts.Threads, Config: config, OptimizedPath: path})
	if err != nil {
		return "", err
	}
	session.Close()
	return path, nil
}

// Improve implements compiled. A model that the runtime does not take is not better.
func (c *network) Improve(part int, model device.Model, b device.Block, masks []search.Mask, runs int) (bool, error) {
	options := c.options
	options.Level = 0
	session, err := model.Session(options)
	if err != nil {
		return false, nil
	}
	other := &Part{Segment: c.parts[part].Segment, Session: session, index: part}
	better, err := c.workers[0].better(other, b, masks, runs)
	if err != nil || !better {
		session.Close()
		return false, err
	}
	return true, c.replace(part, other)
}

// better compares another session of a part with the one there is: equal bits under all masks, and less time.
func (w *Lane) better(other *Part, data device.Block, masks []search.Mask, runs int) (bool, error) {
	at := other.index
	theirs, err := w.bind(other, w.inputs)
	if err != nil {
		return false, err
	}
	defer theirs.Close()
	mine := w.binds[at]
	defer func() { w.binds[at] = mine }()
	for _, m := range masks {
		if err := w.SetMask(m); err != nil {
			return false, err
		}
		w.binds[at] = mine
		for p := range at + 1 {
			if err := w.RunPart(data, p); err != nil {
				return false, err
			}
		}
		var want [][]float32
		for _, t := range other.Outputs {
			if t.Type != cgo.Float32 {
				return false, nil
			}
			rows, err := w.Rows(t.Name)
			if err != nil {
				return false, err
			}
			want = append(want, append([]float32(nil), rows...))
		}
		w.binds[at] = theirs
		if err := w.RunPart(data, at); err != nil {
			return false, fmt.Errorf("blocked part %d: %w", at, err)
		}
		for i, t := range other.Outputs {
			rows, err := w.Rows(t.Name)
			if err != nil || !device.SameBits(want[i], rows) {
				return false, err
			}
		}
	}
	times := [2]float64{}
	for range runs {
		for k, b := range []*binding{mine, theirs} {
			w.binds[at] = b
			took, err := device.TimePart(w, data, at)
			if err != nil {
				return false, err
			}
			if times[k] == 0 || took < times[k] {
				times[k] = took
			}
		}
	}
	return times[1] < times[0], nil
}

// replace puts another session in a part's place, for all lanes.
func (c *network) replace(at int, other *Part) error {
	for _, w := range c.workers {
		b, err := w.bind(other, w.inputs)
		if err != nil {
			return err
		}
		w.binds[at].Close()
		w.binds[at] = b
	}
	c.parts[at].Session.Close()
	c.parts[at] = other
	return nil
}
