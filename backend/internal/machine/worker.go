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
	"example.org/demote/quant"
	"example.org/demote/search"
)

// A Worker is a part whose search is elsewhere. It holds no sample before it is told which.
type Worker struct {
	*here
	fetch   func(ctx context.Context, f link.File, most int64) ([]byte, error)
	samples *held
	all     int // samples of all members
	size    int // samples a block
	counted bool
	most    int64 // bytes of samples that may be held

	mu     sync.Mutex
	blocks map[int]link.Block // that are held
}

// NewWorker compiles a network for a search elsewhere, of so many samples. most is how many bytes of samples it may
// hold, and fetch gets their files. The caller must Close it.
func NewWorker(ctx context.Context, src device.Source, samples int, records []quant.Record, o Options, most int64,
	fetch func(ctx context.Context, f link.File, most int64) ([]byte, error)) (*Worker, error) {
	w := &Worker{fetch: fetch, samples: &held{n: samples, at: map[int][]byte{}}, all: samples, size: o.Block, counted: o.Metric.Countable, most: most}
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

// samplesOf implements layout.
func (w *Worker) samplesOf(block int) []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.blocks[block].Samples
}

// SamplesOf is the number of samples of a block; 0: it is not here.
func (w *Worker) SamplesOf(block int) int { return len(w.samplesOf(block)) }

// loss implements layout.
func (w *Worker) loss(block int, g bounds.Gain) int {
	if !w.counted {
		return 0
	}
	return len(w.samplesOf(block)) - g.Count
}

// End closes the worker and gives all memory back.
func (w *Worker) End() {
	w.Close()
	w.end()
}

// hold fetches blocks and makes them resident, in place of those that are held.
func (w *Worker) hold(ctx context.Context, args link.HoldArgs) error {
	if err := w.check(args); err != nil {
		return err
	}
	blocks, at := map[int]link.Block{}, map[int][]byte{}
	for _, b := range args.Blocks {
		data, err := w.bytesOf(ctx, b)
		if err != nil {
			return err
		}
		blocks[b.Number] = b
		for i, sample := range b.Samples {
			at[sample] = data[i*w.samples.bytes() : (i+1)*w.samples.bytes()]
		}
	}
	var err error
	w.Do(func() { // nothing is under way
		w.mu.Lock()
		w.blocks = blocks
		w.mu.Unlock()
		w.samples.put(at)
	})
	if err = w.Hold(args.Own); err != nil {
		return err
	}
	return nil
}

// bytesOf are the samples of a block, fetched if they are not here.
func (w *Worker) bytesOf(ctx context.Context, b link.Block) ([]byte, error) {
	size := len(b.Samples) * w.samples.bytes()
	w.mu.Lock()
	before, is := w.blocks[b.Number]
	w.mu.Unlock()
	if is && slices.Equal(before.Samples, b.Samples) && slices.Equal(before.File.Pieces, b.File.Pieces) {
		data := make([]byte, 0, size)
		for _, sample := range b.Samples {
			data = append(data, w.samples.of(sample)...)
		}
		return data, nil
	}
	data, err := w.fetch(ctx, b.File, int64(size))
	if err == nil && len(data) != size {
		err = fmt.Errorf("block %d has %d bytes, its samples have %d", b.Number, len(data), size)
	}
	return data, err
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

// held are the samples that a worker has.
type held struct {
	n     int
	sizes []int // bytes of a sample, by input
	mu    sync.Mutex
	at    map[int][]byte // by sample: all its inputs, one behind the other
}

// Len implements device.Samples.
func (h *held) Len() int { return h.n }

// bytes are those of a sample.
func (h *held) bytes() (n int) {
	for _, size := range h.sizes {
		n += size
	}
	return n
}

func (h *held) put(at map[int][]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = at
}

func (h *held) of(sample int) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at[sample]
}

// Read implements device.Samples.
func (h *held) Read(input, sample int, dst []byte) error {
	data, from := h.of(sample), 0
	for _, size := range h.sizes[:input] {
		from += size
	}
	if len(data) < from+len(dst) {
		return fmt.Errorf("sample %d does not lie on this worker", sample)
	}
	copy(dst, data[from:])
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
		if w.samples.of(a.Number) == nil {
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
