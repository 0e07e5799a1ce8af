package machine

import (
	"context"
	"encoding/json"
	"fmt"
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
	samples *held
	all     int // samples of all members
	size    int // samples a block
	counted bool
	most    int64 // bytes of samples that may be held
	truth   metric.Truth
	byBlock bool // what is known of the truth comes with the blocks
	fetch   func(ctx context.Context, f link.File, most int64) ([]byte, error)

	mu     sync.Mutex
	blocks map[int]link.Block // that are held
}

// NewWorker compiles a network for a search elsewhere, of so many samples. most is how many bytes of samples it may
// hold, and fetch gets their files. The caller must Close it.
func NewWorker(ctx context.Context, src device.Source, samples int, records []quant.Record, o Options, most int64,
	fetch func(ctx context.Context, f link.File, most int64) ([]byte, error)) (*Worker, error) {
	get := func(f link.File, most int64) ([]byte, error) { return fetch(ctx, f, most) }
	w := &Worker{samples: &held{n: samples, get: get}, all: samples, size: o.Block, counted: o.Metric.Countable, most: most, truth: o.Truth, fetch: fetch}
	for _, in := range src.Inputs() {
		w.samples.sizes = append(w.samples.sizes, in.SampleBytes(o.Block))
	}
	one, err := open(ctx, src, w.samples, records, o, nil)
	if err != nil {
		return nil, err
	}
	w.here = newHere("this worker", one, w)
	return w, nil
}

// ByBlock has what outputs are compared with come with the blocks.
func (w *Worker) ByBlock() { w.byBlock = true }

// samplesOf implements layout.
func (w *Worker) samplesOf(block int) []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.blocks[block].Samples
}

// SamplesOf is the number of samples of a block; 0: it is not here.
func (w *Worker) SamplesOf(block int) int { return len(w.samplesOf(block)) }

// Samples is the number of samples of all members.
func (w *Worker) Samples() int { return w.all }

// loss implements layout.
func (w *Worker) loss(block int, g bounds.Gain) int {
	if !w.counted {
		return 0
	}
	return len(w.samplesOf(block))*w.m.judge.Judged() - g.Count
}

// End closes the worker and gives all memory back.
func (w *Worker) End() {
	w.Close()
	w.end()
	w.samples.readFrom(nil)
}

// hold makes blocks resident, in place of those that are held.
func (w *Worker) hold(ctx context.Context, args link.HoldArgs) error {
	if err := w.check(args); err != nil {
		return err
	}
	var truths [][]byte // of the blocks, where each has its own
	if w.byBlock {
		for i := range args.Blocks {
			data, err := args.Blocks[i].GetTruth(ctx, w.fetch, w.truth, w.all)
			if err != nil {
				return err
			}
			truths = append(truths, data)
		}
	}
	blocks := map[int]link.Block{}
	for _, b := range args.Blocks {
		blocks[b.Number] = b
	}
	err := w.HoldBehind(func() { // nothing of the blocks before is under way any more
		for i, data := range truths {
			args.Blocks[i].FillTruth(w.truth, w.all, data)
			args.Blocks[i].Truth = nil
		}
		w.mu.Lock()
		w.blocks = blocks
		w.mu.Unlock()
		w.samples.put(args.Blocks)
	}, args.Own)
	if err == nil && w.byBlock {
		err = w.m.judge.Check()
	}
	return err
}

// check refuses blocks that cannot be.
func (w *Worker) check(args link.HoldArgs) error {
	count := (w.all + w.size - 1) / w.size
	seen, bytes := map[int]bool{}, int64(0)
	held := map[int]bool{}
	for _, b := range args.Blocks {
		if b.Number < 0 || b.Number >= count || held[b.Number] || len(b.Samples) != min(w.size, w.all-b.Number*w.size) {
			return fmt.Errorf("block %d of %d samples: there are %d blocks of %d samples, each once", b.Number, len(b.Samples), count, w.size)
		}
		held[b.Number] = true
		for _, s := range b.Samples {
			if s < 0 || s >= w.all || seen[s] {
				return fmt.Errorf("sample %d of block %d: there are %d samples, each once", s, b.Number, w.all)
			}
			seen[s] = true
		}
		bytes += int64(len(b.Samples)) * int64(w.samples.bytes())
	}
	if bytes > w.most {
		return fmt.Errorf("its blocks have %d bytes, and there is room for %d", bytes, w.most)
	}
	if !held[0] || !slices.IsSorted(args.Own) {
		return fmt.Errorf("blocks %v, without the first one or not in their order", args.Own)
	}
	for i, b := range args.Own {
		if !held[b] || i > 0 && args.Own[i-1] == b {
			return fmt.Errorf("block %d is not held, or twice", b)
		}
	}
	return nil
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
	if call != "hold" && w.m.data == nil {
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
		if !w.samples.has(a.Number) {
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
	if n := w.m.source.Holders(); len(a.Mask) != n {
		return search.Mask{}, fmt.Errorf("a mask of %d holders, and the network has %d", len(a.Mask), n)
	}
	return search.ParseMask(a.Mask)
}
