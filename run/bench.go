package run

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sort"
	"time"

	"golang.org/x/sys/unix"

	"demote/backend"
	"demote/search"
)

// A Figure is the median of several measurements with its spread.
type Figure struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// A Bench is what `demote bench` measures of one network, everything in one process and in turn.
type Bench struct {
	Network       string  `json:"network"`
	Holders       int     `json:"holders"`
	Samples       int     `json:"samples"`
	Block         int     `json:"block"`
	Workers       int     `json:"workers"`
	R             Figure  `json:"r_seconds"`       // a plain pass of the float network
	RThreads      int     `json:"r_threads"`       // with its best number of threads
	RBatch        int     `json:"r_batch"`         // and batch
	Trial         Figure  `json:"trial_r"`         // a full trial, in R
	TrialsPerSec  float64 `json:"trials_per_s"`    // full trials
	SamplesPerSec float64 `json:"samples_per_s"`   // of full trials
	Outside       float64 `json:"outside_runtime"` // share of the workers' busy time spent outside ONNX Runtime in full trials
	Blocked       bool    `json:"blocked"`         // FakeQuant works inside the runtime's blocked layout
	Switch        Figure  `json:"switch_seconds"`  // writing another mask

	Device    string          `json:"device,omitempty"` // the GPU that all of this ran on; empty: the CPU
	Moved     backend.Traffic `json:"moved_a_trial"`    // by a GPU, for one full trial
	FakeQuant float64         `json:"fakequant_share"`  // of a full trial's time on a GPU: what the float network does not take
	Rebuild   Figure          `json:"rebuild_seconds"`  // making a session of the same network instead

	StartUp float64 `json:"start_up_seconds,omitempty"` // from the files to the first trial: calibration, float pass, compilation, self-test

	Search *BenchSearch `json:"search,omitempty"`
	Naive  *BenchSearch `json:"naive,omitempty"`
}

// A BenchSearch is a whole search in R.
type BenchSearch struct {
	Strategy    string  `json:"strategy"`
	Target      string  `json:"target"`
	Scan        string  `json:"scan"`
	R           float64 `json:"r"`                 // its time, in passes of the float network
	Seconds     float64 `json:"seconds"`           // from the first score to the last
	Evaluations int     `json:"evaluations"`       // scores asked for
	Passes      float64 `json:"passes"`            // whole-network passes over the samples really run
	PerSec      float64 `json:"scores_per_s"`      // scores asked for
	Samples     int     `json:"samples"`           // sample evaluations, from whatever part on; the naive scan's are scores times samples
	SamplesPerS float64 `json:"samples_per_s"`     // of them
	CPU         float64 `json:"cpu_seconds"`       // of the process, which other work on the machine troubles less than time
	PartRuns    int     `json:"part_runs"`         // parts run, over all blocks
	WholeRuns   float64 `json:"whole_runs"`        // part runs that the same blocks would have been in full
	Moved       int64   `json:"moved_bytes"`       // of stored activations, read and written
	Blocks      int     `json:"blocks"`            // blocks run, from whatever part on, those thrown away with them
	Ahead       int     `json:"ahead"`             // of these, begun on an idle worker before the scan had asked for them
	Thrown      int     `json:"thrown"`            // of these, never asked for by the scan that they were run for
	ThrownPass  float64 `json:"thrown_passes"`     // what those have cost, in whole-network passes over the samples
	Restored    int     `json:"restored"`          // of these, from stored activations
	NoOps       int     `json:"no_ops"`            // blocks that needed no run, beside these: both grids of what had changed give the same bits
	Memo        int     `json:"memo"`              // scores recalled
	Outside     float64 `json:"outside_runtime"`   // share of the workers' busy time spent outside ONNX Runtime
	Idle        float64 `json:"idle"`              // share of the workers' time in which they waited
	Parts       int     `json:"parts"`             // parts of the network
	Stored      int64   `json:"stored_bytes"`      // room for stored activations
	Int16       int     `json:"int16"`             // holders left
	Correct     *int    `json:"correct,omitempty"` // of the mix
	Promotion   []int   `json:"promotion_indices"` // units left, to compare two searches
}

// benchRounds is how often everything is measured, in turn.
const benchRounds = 7

// RunBench is the command bench. With a target it also times whole searches; against "naive" runs
// the same search by whole scores too.
func RunBench(ctx context.Context, c Config, against string) (*Bench, error) {
	s := &searching{config: c.withDefaults(), started: time.Now()}
	defer s.Close()
	c = s.config
	for _, f := range []struct{ flag, value string }{{"--model", c.Model}, {"--calib", c.Calib}, {"--data", c.Data}} {
		if f.value == "" {
			return nil, mistakef("%s is missing: demote bench --model M.onnx --calib C.npz --data E.npz [--target T [--against naive]]", f.flag)
		}
	}
	if against != "" && against != "naive" {
		return nil, mistakef("--against %s: choose naive", against)
	}
	err := s.chooseDevice()
	if err != nil {
		return nil, err
	}
	if s.prepared, err = prepareAny(ctx, c); err != nil {
		return nil, err
	}
	prepared := time.Since(s.started)
	if err := c.checkMetricFlags(); err != nil {
		return nil, err
	}
	if s.metric, s.command, err = s.pickMetric(c); err != nil {
		return nil, err
	}
	if err := s.fitDevice(); err != nil {
		return nil, err
	}
	b := &Bench{Network: c.Model, Holders: len(s.records), Samples: s.data.Len(), Block: s.block}
	if s.onGPU() {
		b.Device = s.device.Name + " " + s.device.Text
	}
	if err := s.benchTrials(ctx, b); err != nil {
		return nil, err
	}
	if c.Target == "" {
		return b, nil
	}
	if s.target, err = search.ParseTarget(c.Target); err != nil {
		return nil, err
	}
	s.started = time.Now().Add(-prepared)
	if b.Search, err = s.benchSearch(ctx, c.Scan, b.R.Median); err != nil {
		return nil, err
	}
	b.StartUp = s.startUp.Seconds()
	if against == "naive" {
		b.Naive, err = s.benchSearch(ctx, "naive", b.R.Median)
	}
	return b, err
}

// benchTrials measures R, full trials, the switch of a mask and a rebuilt session, in turn.
func (s *searching) benchTrials(ctx context.Context, b *Bench) error {
	plain, err := s.bestPlain(ctx, b)
	if err != nil {
		return err
	}
	defer plain.Close()
	if err := s.compile(ctx); err != nil {
		return err
	}
	defer func() { s.ev.Close(); s.ev = nil }()
	whole, err := s.ev.Block()
	if err != nil {
		return err
	}
	b.Blocked = whole > 0
	b.Workers = s.ev.Workers()
	none := search.NewMask(0)
	rng := rand.New(rand.NewPCG(1, 1))
	var r, trial, change, rebuild []float64
	var outside float64
	for i := range benchRounds + 1 {
		t := time.Now()
		if _, err := plain.Again(ctx, none); err != nil {
			return err
		}
		plainTime := time.Since(t).Seconds()
		mask := randomMask(rng, len(s.records))
		before, moved := s.ev.Stats(), s.ev.Traffic()
		t = time.Now()
		if _, err := s.ev.Again(ctx, mask); err != nil {
			return err
		}
		trialTime := time.Since(t).Seconds()
		b.Moved = s.ev.Traffic().Sub(moved)
		after := s.ev.Stats()
		switched := s.ev.TimeSwitch(randomMask(rng, len(s.records)))
		t = time.Now()
		if err := s.ev.Rebuild(); err != nil {
			return err
		}
		if i == 0 {
			continue // the warm-up
		}
		r, trial = append(r, plainTime), append(trial, trialTime/plainTime)
		change, rebuild = append(change, switched.Seconds()), append(rebuild, time.Since(t).Seconds())
		outside += 1 - (after.Runtime-before.Runtime)/(after.Busy-before.Busy)
	}
	b.R, b.Trial, b.Switch, b.Rebuild = figure(r), figure(trial), figure(change), figure(rebuild)
	b.Outside = outside / benchRounds
	b.TrialsPerSec = 1 / (b.Trial.Median * b.R.Median)
	b.SamplesPerSec = b.TrialsPerSec * float64(b.Samples)
	if s.onGPU() {
		b.FakeQuant = max(0, 1-1/b.Trial.Median)
	}
	return nil
}

// bestPlain opens the float network with the number of threads and the batch at which it is
// fastest.
func (s *searching) bestPlain(ctx context.Context, b *Bench) (*backend.Evaluator, error) {
	open := func(threads, batch int) (*backend.Evaluator, error) {
		inputs, err := blockInputs(s.prepared.float, s.data, batch)
		if err != nil {
			return nil, err
		}
		src, err := plainSource(s.prepared.float, inputs, batch, s.output)
		if err != nil {
			return nil, err
		}
		return backend.New(ctx, src, s.data, nil, backend.Options{Metric: backend.OutputsOnly, Output: s.output, Block: batch,
			Workers: 1, Threads: threads, Spin: true, Naive: true, Level: optimization, Device: s.device.Name})
	}
	if s.onGPU() { // there the batch is the block, and threads play no part
		b.RThreads, b.RBatch = 1, s.block
		return open(1, s.block)
	}
	batches := []int{20, 50, 100, 200}
	if fixed := batchOf(s.prepared.float); fixed > 0 {
		batches = []int{fixed}
	}
	best := 0.0
	for _, threads := range []int{1, 2} {
		for _, batch := range batches {
			e, err := open(threads, batch)
			if err != nil {
				return nil, err
			}
			for range 3 {
				t := time.Now()
				if _, err := e.Again(ctx, search.NewMask(0)); err != nil {
					e.Close()
					return nil, err
				}
				if took := time.Since(t).Seconds(); best == 0 || took < best {
					best, b.RThreads, b.RBatch = took, threads, batch
				}
			}
			e.Close()
		}
	}
	return open(b.RThreads, b.RBatch)
}

// benchSearch runs one whole search without a run folder.
func (s *searching) benchSearch(ctx context.Context, scan string, r float64) (*BenchSearch, error) {
	s.config.Scan = scan
	s.result = &Result{}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	defer func() { s.ev.Close(); s.ev = nil }()
	before, cpu := s.ev.Stats(), cpuSeconds()
	start := time.Now()
	ends := search.Endpoints{Float: s.float, High: s.high}
	var err error
	if ends.Low, err = s.ev.Score(ctx, lowMask(s.network.Holders)); err != nil {
		return nil, err
	}
	goal, err := s.target.Resolve(s.scale(), ends)
	if err != nil {
		return nil, err
	}
	found, err := search.Run(ctx, s.config.Strategy, s.ev, s.strategyOptions(goal))
	if err != nil {
		return nil, err
	}
	took, st := time.Since(start).Seconds(), s.ev.Stats()
	out := &BenchSearch{Strategy: s.config.Strategy, Target: s.config.Target, Scan: scan, R: took / r, Seconds: took, Evaluations: found.Evaluations,
		Passes: (st.Samples - before.Samples) / float64(s.data.Len()), Blocks: st.Blocks - before.Blocks, Restored: st.Restored - before.Restored,
		NoOps: st.NoOps - before.NoOps, Memo: st.Memo, Parts: s.ev.Parts(), Int16: len(found.Promotion), Promotion: found.Promotion}
	out.Outside = 1 - (st.Runtime-before.Runtime)/(st.Busy-before.Busy)
	out.Idle = max(0, 1-(st.Busy-before.Busy)/(took*float64(s.ev.Workers())))
	out.Stored = s.plan.Bytes
	out.Ahead, out.Thrown = st.Ahead-before.Ahead, st.Thrown-before.Thrown
	out.ThrownPass = (st.ThrownWork - before.ThrownWork) / float64(s.data.Len())
	out.CPU, out.PerSec = cpuSeconds()-cpu, float64(found.Evaluations)/took
	out.Samples = st.Stats.Samples - before.Stats.Samples
	out.SamplesPerS = float64(out.Samples) / took
	out.PartRuns, out.WholeRuns, out.Moved = st.Parts-before.Parts, float64(out.Blocks)*float64(out.Parts), st.Moved-before.Moved
	if found.Score.Total > 0 {
		out.Correct = &found.Score.Count
	}
	return out, nil
}

func randomMask(rng *rand.Rand, n int) search.Mask {
	m := search.NewMask(n)
	for i := range n {
		if rng.IntN(2) == 1 {
			m.Demote(i)
		}
	}
	return m
}

// cpuSeconds is the processor time that the process has taken, all threads together; 0 where the system
// does not say.
func cpuSeconds() float64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// figure is the median and the spread of some measurements.
func figure(values []float64) Figure {
	v := append([]float64(nil), values...)
	sort.Float64s(v)
	mid := v[len(v)/2]
	if len(v)%2 == 0 {
		mid = (mid + v[len(v)/2-1]) / 2
	}
	return Figure{Median: mid, Min: v[0], Max: v[len(v)-1]}
}

// String writes a figure as median and spread.
func (f Figure) String() string { return fmt.Sprintf("%.3g (%.3g to %.3g)", f.Median, f.Min, f.Max) }
