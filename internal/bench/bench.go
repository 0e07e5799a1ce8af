package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sort"
	"time"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/trial"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// A Figure is the median of several measurements with its spread.
type Figure struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// A Report is what `demote bench` measures of one network, everything in one process and in turn.
type Report struct {
	Network string `json:"network"`
	Holders int    `json:"holders"`
	Samples int    `json:"samples"`
	Block   int    `json:"block"`
	Workers int    `json:"workers"`
	// a plain pass of the float network, by the fastest split of the cores, over the whole measurement
	R             Figure  `json:"r_seconds"`
	RSessions     int     `json:"r_sessions"`        // sessions side by side in it
	RThreads      int     `json:"r_threads"`         // threads of each
	RBatch        int     `json:"r_batch"`           // samples of a batch
	RPasses       int     `json:"r_passes"`          // passes that R is the median of
	Single        Figure  `json:"single_seconds"`    // a plain pass by one session of one thread
	SingleCPU     Figure  `json:"cpu_r_seconds"`     // its processor seconds: CPU-R
	SingleBatch   int     `json:"cpu_r_batch"`       // samples of a batch
	Trial         Figure  `json:"evaluation_r"`      // a full evaluation (one mask on all samples), in R
	TrialCPU      Figure  `json:"evaluation_cpu_r"`  // its processor seconds, in CPU-R
	TrialsPerSec  float64 `json:"evaluations_per_s"` // full evaluations
	SamplesPerSec float64 `json:"samples_per_s"`     // of full evaluations
	// share of the workers' busy time outside ONNX Runtime in full evaluations
	Outside float64 `json:"outside_runtime"`
	Blocked bool    `json:"blocked"`        // FakeQuant works inside the runtime's blocked layout
	Switch  Figure  `json:"switch_seconds"` // writing another mask

	Device string          `json:"device,omitempty"`     // the GPU that all of this ran on; empty: the CPU
	Moved  backend.Traffic `json:"moved_per_evaluation"` // by a GPU, for one full evaluation
	Parts  int             `json:"parts"`                // of the network, which are run one after another
	Graphs int             `json:"graphs"`               // of these, replayed by a GPU as CUDA graphs
	Why    string          `json:"why,omitempty"`        // why a GPU replays not all of them
	// share of a full evaluation's time on a GPU that is not the float network's
	FakeQuant float64 `json:"fakequant_share"`
	Rebuild   Figure  `json:"rebuild_seconds"` // making a session of the same network instead

	// from the files to the first evaluation: calibration, float pass, compilation, self-test
	StartUp float64 `json:"start_up_seconds,omitempty"`

	Search  *Search  `json:"search,omitempty"`
	Whole   *Whole   `json:"whole,omitempty"` // the same search as a command that is typed
	Naive   *Search  `json:"naive,omitempty"`
	Against *Against `json:"against_naive,omitempty"`
}

// A Whole is a search as the whole command that a user types: set-up, search, checks, files and report.
type Whole struct {
	Runs    int    `json:"runs"`
	R       Figure `json:"r"` // in passes of the float network
	CPUR    Figure `json:"cpu_r"`
	Seconds Figure `json:"seconds"`
	CPU     Figure `json:"cpu_seconds"`

	// of a run before these, in which networks were tried in child processes
	FirstR       float64 `json:"first_r,omitempty"`
	FirstSeconds float64 `json:"first_seconds,omitempty"`
}

// An Against compares a search with the same search by naive scans: ratios of alternating runs.
type Against struct {
	Passes Figure `json:"passes"`
	Time   Figure `json:"time"` // in R
	CPU    Figure `json:"cpu"`
}

// A Search is the search alone, from its first score to its last: of several runs the one in the middle, with
// the spread of all.
type Search struct {
	Strategy string `json:"strategy"`
	Target   string `json:"target"`
	Scan     string `json:"scan"`
	// its time, in passes of the float network that were timed in the same run; the median
	R           float64 `json:"r"`
	Seconds     float64 `json:"seconds"`           // from the first score to the last; the median
	Evaluations int     `json:"evaluations"`       // scores that the strategy asked for
	Passes      float64 `json:"passes"`            // full passes over the samples: the work
	PerSec      float64 `json:"evaluations_per_s"` // Evaluations per second
	// sample evaluations, from whatever part on; the naive scan's are scores times samples
	Samples     int     `json:"samples"`
	SamplesPerS float64 `json:"samples_per_s"` // of them
	// of the process; other work on the machine changes it less than the time
	CPU       float64 `json:"cpu_seconds"`
	PartRuns  int     `json:"part_runs"`   // parts run, over all blocks
	WholeRuns float64 `json:"whole_runs"`  // part runs that the same blocks would have been in full
	Moved     int64   `json:"moved_bytes"` // of stored activations, read and written
	Blocks    int     `json:"blocks"`      // blocks run, from whatever part on, those thrown away with them
	// of these, begun on an idle worker before the scan had asked for them
	Ahead      int     `json:"ahead"`
	Thrown     int     `json:"thrown"`        // of these, blocks that the scan did not ask for
	ThrownPass float64 `json:"thrown_passes"` // the work of those, in full passes over the samples
	Restored   int     `json:"restored"`      // of these, from stored activations
	// other blocks, which needed no run: both grids of the changed holders give the same bits
	NoOps     int     `json:"no_ops"`
	Memo      int     `json:"memo"`              // evaluations of masks that were scored before
	Outside   float64 `json:"outside_runtime"`   // share of the workers' busy time spent outside ONNX Runtime
	Idle      float64 `json:"idle"`              // share of the workers' time in which they waited
	Parts     int     `json:"parts"`             // parts of the network
	Stored    int64   `json:"stored_bytes"`      // memory for stored activations
	Int16     int     `json:"int16"`             // holders left
	Correct   *int    `json:"correct,omitempty"` // of the mix
	Promotion []int   `json:"promotion_indices"` // units left, to compare two searches

	Runs          int    `json:"runs"`           // that the spreads are of
	Spread        Figure `json:"r_spread"`       // of R
	SecondsSpread Figure `json:"seconds_spread"` // of Seconds
	// processor seconds in those of a plain pass by one session of one thread
	CPUR Figure `json:"cpu_r"`
}

// benchRounds is how often everything is measured, in turn, at least; where other work on the machine keeps the
// ratios apart up to mostRounds.
const (
	benchRounds = 7
	mostRounds  = 25
)

// benchRuns is how often a search is timed where nothing is said.
const benchRuns = 5

// Options say what bench measures beside trials.
type Options struct {
	Against string // naive runs the same search by whole scores too
	Runs    int    // how often searches are timed; 0: 5
	// runs the same search as a user types it, into a new folder; nil: Search, in this process
	Typed func(ctx context.Context, dir string) error
	// the first call of Typed is that of a user for whom no network has been tried: it is reported apart
	First bool
}

// A measurement is a task that is measured.
type measurement struct {
	*trial.Runner
	target search.Target
}

// DefaultStrategy is the strategy of a measurement that names none.
const DefaultStrategy = "demotion"

// Run measures; a task whose samples touch each other only in the self-test begins again.
func Run(ctx context.Context, c config.Config, o Options) (*Report, error) {
	b, err := benchOnce(ctx, c, o)
	if t := (*trial.Touching)(nil); errors.As(err, &t) {
		c.Alone = t.Error()
		return benchOnce(ctx, c, o)
	}
	return b, err
}

func benchOnce(ctx context.Context, c config.Config, o Options) (*Report, error) {
	if c.Strategy == "" {
		c.Strategy = DefaultStrategy
	}
	s := &measurement{Runner: &trial.Runner{Config: c.Filled(), Started: time.Now()}}
	defer s.Close()
	c = s.Config
	for _, f := range []struct{ flag, value string }{{"--model", c.Model}, {"--calib", c.Calib}, {"--data", c.Data}} {
		if f.value == "" {
			return nil, mistake.Errorf("%s is missing: demote bench --model M.onnx --calib C.npz --data E.npz [--target T [--against naive]]", f.flag)
		}
	}
	if o.Against != "" && o.Against != "naive" {
		return nil, mistake.Errorf("--against %s: choose naive", o.Against)
	}
	if o.Runs < 0 {
		return nil, mistake.Errorf("--runs %d: give how often searches are timed, or leave it out for %d", o.Runs, benchRuns)
	}
	if o.Runs == 0 {
		o.Runs = benchRuns
	}
	if trial.Several(s.Config.Device) {
		return nil, mistake.Errorf("--device %s: bench measures one device: name one", s.Config.Device)
	}
	err := s.ChooseDevice(ctx)
	if err != nil {
		return nil, err
	}
	if err = s.Prepare(ctx); err != nil {
		return nil, err
	}
	prepared := time.Since(s.Started)
	if err := c.CheckMetricFlags(); err != nil {
		return nil, err
	}
	if s.Metric, s.Command, err = s.PickMetric(ctx, c); err != nil {
		return nil, err
	}
	if err := s.FitDevice(ctx); err != nil {
		return nil, err
	}
	b := &Report{Network: c.Model, Holders: len(s.Records), Samples: s.Data.Len(), Block: s.Block}
	if s.Device.Text != "" {
		b.Device = s.Device.Name + " " + s.Device.Text
	}
	if c.Target != "" {
		if s.target, err = search.ParseTarget(c.Target); err != nil {
			return nil, err
		}
	}
	y, err := s.benchTrials(ctx, b)
	if err != nil {
		return nil, err
	}
	defer y.Close()
	if c.Target != "" {
		err = s.benchSearches(ctx, b, y, o, prepared)
	}
	b.read(y)
	return b, err
}

// read takes over what the yardstick says, once all is measured.
func (b *Report) read(y *yardstick) {
	best := y.fast[0]
	b.R, b.RSessions, b.RThreads, b.RBatch, b.RPasses = figureOf(best.wall), best.sessions, best.threads, best.batch, len(best.wall)
	b.Single, b.SingleCPU, b.SingleBatch = figureOf(y.single.wall), figureOf(y.single.cpu), y.single.batch
}

// randomMask is a mask with every holder demoted by a throw of a coin.
func randomMask(rng *rand.Rand, n int) search.Mask {
	m := search.NewMask(n)
	for i := range n {
		if rng.IntN(2) == 1 {
			m.Demote(i)
		}
	}
	return m
}

// figureOf is the median and the spread of some measurements.
func figureOf(values []float64) Figure {
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
