package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// A Worker is a part whose search is elsewhere. It holds no sample before it is told which.
type Worker struct {
	*here
	list    []Shape // that the samples have
	samples []*held // of each shape
	truths  []metric.Truth
	places  places
	all     int // samples of all members
	files   *keptFiles
	counted bool
	most    int64 // bytes of samples that may be held
	byBlock bool  // what is known of the truth comes with the blocks
	fetch   func(ctx context.Context, f link.File, most int64) ([]byte, error)

	mu     sync.Mutex
	blocks map[int]heldBlock // by number
}

// heldBlock is a block that is held.
type heldBlock struct {
	link.Block
	cell cell
}

// NewWorker compiles the networks of a search elsewhere, one for each shape, whose samples are as many as Shape.Of, or
// samples where there is one shape; Shape.Samples is not looked at. most is how many bytes of samples it may hold, and
// fetch gets their files. The caller must Close it.
func NewWorker(ctx context.Context, list []Shape, samples int, records []quant.Record, o Options, most int64,
	fetch func(ctx context.Context, f link.File, most int64) ([]byte, error)) (*Worker, error) {
	get := func(f link.File, most int64) ([]byte, error) { return fetch(ctx, f, most) }
	w := &Worker{list: slices.Clone(list), files: &keptFiles{get: get}, all: samples, counted: o.Metric.Countable, most: most, fetch: fetch}
	for i, s := range w.list {
		h := &held{n: samples, of: s.Of, files: w.files}
		if s.Of != nil {
			h.n = len(s.Of)
		}
		for _, in := range s.Source.Inputs() {
			h.sizes = append(h.sizes, in.SampleBytes(s.Block))
		}
		truth := o.Truth
		if s.Truth != nil {
			truth = *s.Truth
		}
		w.list[i].Samples, w.samples, w.truths = h, append(w.samples, h), append(w.truths, truth)
	}
	w.places = placesOf(w.list)
	if !several(w.list) {
		o.Truth = w.truths[0]
	}
	own, err := openBody(ctx, w.list, records, o, nil)
	if err != nil {
		return nil, err
	}
	w.here = newHere("this worker", own, w)
	return w, nil
}

// ByBlock has what outputs are compared with come with the blocks.
func (w *Worker) ByBlock() { w.byBlock = true }

// cellOf implements layout.
func (w *Worker) cellOf(block int) cell {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.blocks[block].cell
}

// firsts implements layout: that is the first of each shape that is held.
func (w *Worker) firsts() (list []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := make([]bool, len(w.list))
	for _, b := range slices.Sorted(maps.Keys(w.blocks)) {
		if s := w.blocks[b].cell.shape; !seen[s] {
			seen[s] = true
			list = append(list, b)
		}
	}
	return list
}

// has says whether a sample lies here.
func (w *Worker) has(sample int) bool {
	p := w.places.of(sample)
	return w.samples[p.member].has(p.at)
}

// SamplesOf is the number of samples of a block; 0: it is not here.
func (w *Worker) SamplesOf(block int) int { return len(w.cellOf(block).own) }

// Samples is the number of samples of all members.
func (w *Worker) Samples() int { return w.all }

// Inputs is the number of inputs of the network.
func (w *Worker) Inputs() int { return len(w.samples[0].sizes) }

// loss implements layout.
func (w *Worker) loss(block int, g bounds.Gain) int {
	if !w.counted {
		return 0
	}
	c := w.cellOf(block)
	return len(c.own)*w.m.one(c.shape).judge.Judged() - g.Count
}

// End closes the worker and gives all memory back.
func (w *Worker) End() {
	w.Close()
	w.end()
	w.files.readFrom(nil)
}

// hold makes blocks resident, in place of those that are held.
func (w *Worker) hold(ctx context.Context, args link.HoldArgs) error {
	cells, err := w.check(args)
	if err != nil {
		return err
	}
	var truths [][]byte // of the blocks, where each has its own
	if w.byBlock {
		for i, c := range cells {
			data, err := args.Blocks[i].GetTruth(ctx, w.fetch, w.truths[c.shape], w.samples[c.shape].n)
			if err != nil {
				return err
			}
			truths = append(truths, data)
		}
	}
	err = w.HoldBehind(func() { // nothing of the blocks before is under way any more
		for i, data := range truths {
			s := cells[i].shape
			link.FillTruth(w.truths[s], cells[i].own, w.samples[s].n, data)
			args.Blocks[i].Truth = nil
		}
		w.put(args.Blocks, cells)
	}, args.Own)
	for shape := 0; err == nil && w.byBlock && shape < w.m.shapes(); shape++ {
		err = w.m.one(shape).judge.Check()
	}
	return err
}

// put makes these the blocks that are held.
func (w *Worker) put(blocks []link.Block, cells []cell) {
	all := map[int]heldBlock{}
	own, ownCells := make([][]link.Block, len(w.list)), make([][][]int, len(w.list))
	for i, b := range blocks {
		s := cells[i].shape
		all[b.Number] = heldBlock{b, cells[i]}
		own[s], ownCells[s] = append(own[s], b), append(ownCells[s], cells[i].own)
	}
	for s, h := range w.samples {
		h.put(own[s], ownCells[s])
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocks = all
}

// check refuses blocks that cannot be, and returns what lies in each.
func (w *Worker) check(args link.HoldArgs) (cells []cell, err error) {
	count, bytes := 0, int64(0)
	for i, s := range w.list {
		count += (w.samples[i].n + s.Block - 1) / s.Block
	}
	seen, held, partial := map[int]bool{}, map[int]bool{}, make([]int, len(w.list))
	with := make([]bool, len(w.list))
	for _, b := range args.Blocks {
		if b.Number < 0 || b.Number >= count || held[b.Number] || len(b.Samples) == 0 {
			return nil, fmt.Errorf("block %d of %d samples: there are %d blocks, each once", b.Number, len(b.Samples), count)
		}
		held[b.Number] = true
		c := cell{samples: b.Samples}
		for i, s := range b.Samples {
			if s < 0 || s >= w.all || seen[s] {
				return nil, fmt.Errorf("sample %d of block %d: there are %d samples, each once", s, b.Number, w.all)
			}
			seen[s] = true
			p := w.places.of(s)
			if i > 0 && p.member != c.shape {
				return nil, fmt.Errorf("samples of different shapes in block %d", b.Number)
			}
			c.shape, c.own = p.member, append(c.own, p.at)
		}
		if size := w.list[c.shape].Block; len(b.Samples) != size {
			// of each shape one block may have fewer: the last, which has what is left
			if partial[c.shape]++; partial[c.shape] > 1 || len(b.Samples) != w.samples[c.shape].n%size {
				return nil, fmt.Errorf("block %d of %d samples: blocks have %d samples", b.Number, len(b.Samples), size)
			}
		}
		with[c.shape] = true
		bytes += int64(len(b.Samples)) * int64(w.samples[c.shape].bytes())
		cells = append(cells, c)
	}
	if bytes > w.most {
		return nil, fmt.Errorf("its blocks have %d bytes, and there is room for %d", bytes, w.most)
	}
	if slices.Contains(with, false) || !slices.IsSorted(args.Own) {
		return nil, fmt.Errorf("blocks %v, without the first one of each shape or not in their order", args.Own)
	}
	for i, b := range args.Own {
		if !held[b] || i > 0 && args.Own[i-1] == b {
			return nil, fmt.Errorf("block %d is not held, or twice", b)
		}
	}
	return cells, nil
}

// A State is what a worker has done so far, and how it runs.
type State struct {
	Stats    Stats
	Traffic  device.Traffic
	Captured int
	Why      string
	Remark   string
	Parts    int
	Workers  int
}

func (w *Worker) state() (s State) {
	w.Do(func() {
		w.m.Count(&s.Stats)
		s.Traffic, s.Remark, s.Parts, s.Workers = w.m.Traffic(), w.m.Remark(), w.m.Parts(), w.m.Workers()
		s.Captured, s.Why = w.m.Graphs()
	})
	return s
}

// A Test is what a worker's self-test has found.
type Test struct {
	Dependence *Dependence
	Bits       []byte
}

// Call answers a call of a search, see part. The result is for JSON.
func (w *Worker) Call(ctx context.Context, call string, args json.RawMessage) (result any, err error) {
	if call != "hold" && w.m.one(0).data == nil {
		return nil, fmt.Errorf("call %s: this worker has no samples yet", call)
	}
	switch call {
	case "hold":
		var a link.HoldArgs
		if err := json.Unmarshal(args, &a); err != nil {
			return nil, err
		}
		return nil, w.hold(ctx, a)
	case "cuts":
		return w.plan()
	case "block":
		return w.block()
	case "self-test":
		dep, err := w.selfTest()
		return Test{dep, w.bits()}, err
	case "digest":
		return w.digest()
	case "state":
		return w.state(), nil
	case "hidden-nan":
		return w.hiddenNaN(ctx)
	case "rebuild":
		return nil, w.rebuild()
	case "ping":
		return nil, w.ping()
	case "look", "time-switch":
		mask, err := w.mask(args)
		if err != nil {
			return nil, err
		}
		if call == "look" {
			return w.look(mask)
		}
		return nil, w.timeSwitch(mask)
	case "fleeting", "watch-nan":
		var a link.OnArgs
		if err := json.Unmarshal(args, &a); err != nil {
			return nil, err
		}
		if call == "fleeting" {
			return nil, w.fleeting(a.On)
		}
		return w.watchNaN(a.On)
	case "first-nan", "no-ops":
		var a link.NumberArgs
		if err := json.Unmarshal(args, &a); err != nil {
			return nil, err
		}
		if call == "no-ops" {
			if w.SamplesOf(a.Number) == 0 {
				return nil, fmt.Errorf("block %d does not lie on this worker", a.Number)
			}
			return w.noOps(a.Number), nil
		}
		if a.Number < 0 || a.Number >= w.all || !w.has(a.Number) {
			return nil, fmt.Errorf("sample %d does not lie on this worker", a.Number)
		}
		return w.firstNaN(a.Number)
	}
	return nil, fmt.Errorf("call %q is not known here", call)
}

// mask reads a mask of the network.
func (w *Worker) mask(args json.RawMessage) (search.Mask, error) {
	var a link.MaskArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return search.Mask{}, err
	}
	if n := w.m.one(0).source.Holders(); len(a.Mask) != n {
		return search.Mask{}, fmt.Errorf("a mask of %d holders, and the network has %d", len(a.Mask), n)
	}
	return search.ParseMask(a.Mask)
}
