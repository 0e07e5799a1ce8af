package backend

import (
	"fmt"
	"maps"
	"path/filepath"

	"example.org/demote/cgo"
	"example.org/demote/disk"
)

// A BlockedSource can hand a segment out with its FakeQuant nodes inside the runtime's blocked
// layout of the CPU; found by type assertion. optimize saves what the runtime makes of a model with
// all optimizations; the result is loaded with none.
type BlockedSource interface {
	Blocked(from, to int, optimize func(model Model) (path string, err error)) (Model, error)
}

// Block is the last pass over the compiled chain, and a removable one: every part whose FakeQuant
// nodes can work inside the blocked layout gets a session of that, if its outputs are the same bits
// and it is faster. It returns how many did.
func (e *Evaluator) Block() (int, error) {
	if e.shapes != nil {
		blocked := 0
		return blocked, e.shapes.eachOf(func(m *Evaluator) error {
			n, err := m.Block()
			blocked += n
			return err
		})
	}
	src, ok := e.source.(BlockedSource)
	c, onCPU := e.chain.compiled.(*cpuChain)
	if !ok || !onCPU || e.opts.Level < 3 {
		return 0, nil
	}
	if !e.zeroExact() {
		return 0, nil
	}
	dir, remove, err := disk.TempFolder()
	if err != nil {
		return 0, nil
	}
	defer remove()
	blocked, cuts := 0, e.chain.cuts
	for i, p := range c.parts {
		if p.Mask == "" || p.variants != nil {
			continue // a session for each choice of weights: the plain ones
		}
		model, err := src.Blocked(cuts[i], cuts[i+1], func(model Model) (string, error) { return e.optimized(model, dir) })
		if err != nil {
			continue // it runs as it is
		}
		session, err := model.Session(cgo.Options{Level: 0, IntraThreads: e.opts.Threads, Spin: e.opts.Spin, Config: e.opts.Config, Stop: e.opts.stop})
		if err != nil {
			continue
		}
		other := &cpuPart{Segment: p.Segment, session: session, index: i}
		better, err := e.better(c.workers[0], i, other)
		if err != nil || !better {
			session.Close()
			if err != nil {
				return blocked, err
			}
			continue
		}
		if err := c.replace(i, other, e.inputs); err != nil {
			return blocked, err
		}
		blocked++
	}
	return blocked, nil
}

// zeroExact says whether zero lies on every grid: the layout pads channels with zeros, which must stay
// zeros.
func (e *Evaluator) zeroExact() bool {
	for _, r := range e.records {
		if !r.Low.ZeroExact() || !r.High.ZeroExact() {
			return false
		}
	}
	return true
}

// optimized is the file that the runtime saves of a model that it loads with all optimizations, its large weights in another one beside it.
func (e *Evaluator) optimized(model Model, dir string) (path string, err error) {
	path = filepath.Join(dir, "optimized.onnx")
	config := maps.Clone(e.opts.Config)
	if config == nil {
		config = map[string]string{}
	}
	// The session is never run: it is to have its weights neither as kernels want them nor in a message.
	config["session.disable_prepacking"] = "1"
	config["session.optimized_model_external_initializers_file_name"] = "optimized.data"
	config["session.optimized_model_external_initializers_min_size_in_bytes"] = "16384"
	session, err := model.Session(cgo.Options{Level: e.opts.Level, IntraThreads: e.opts.Threads, Config: config, OptimizedPath: path})
	if err != nil {
		return "", err
	}
	session.Close()
	return path, nil
}

// better compares another session of a part with the one there is: equal bits for no demotion, all
// and every other one on the first block, and less time.
func (e *Evaluator) better(w *cpuLane, at int, other *cpuPart) (bool, error) {
	theirs, err := w.bind(other, e.inputs)
	if err != nil {
		return false, err
	}
	defer theirs.Close()
	mine := w.binds[at]
	defer func() { w.binds[at] = mine }()
	data := e.data.blocks[0]
	for _, m := range e.probes() {
		if err := w.setMask(m); err != nil {
			return false, err
		}
		w.binds[at] = mine
		for p := range at + 1 {
			if err := w.runPart(data, p); err != nil {
				return false, err
			}
		}
		var want [][]float32
		for _, t := range other.Outputs {
			if t.Type != cgo.Float32 {
				return false, nil
			}
			rows, err := w.rows(t.Name)
			if err != nil {
				return false, err
			}
			want = append(want, append([]float32(nil), rows...))
		}
		w.binds[at] = theirs
		if err := w.runPart(data, at); err != nil {
			return false, fmt.Errorf("blocked part %d: %w", at, err)
		}
		for i, t := range other.Outputs {
			rows, err := w.rows(t.Name)
			if err != nil || !sameBits(want[i], rows) {
				return false, err
			}
		}
	}
	times := [2]float64{}
	for range e.measureRuns() + 1 {
		for k, b := range []*binding{mine, theirs} {
			w.binds[at] = b
			took, err := timePart(w, data, at)
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
func (c *cpuChain) replace(at int, other *cpuPart, inputs []Tensor) error {
	for _, w := range c.workers {
		b, err := w.bind(other, inputs)
		if err != nil {
			return err
		}
		w.binds[at].Close()
		w.binds[at] = b
	}
	c.parts[at].session.Close()
	c.parts[at] = other
	return nil
}
