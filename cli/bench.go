package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"example.org/demote/result"
	"example.org/demote/run"
)

func benchCommand() *cli.Command {
	return &cli.Command{
		Name:  "bench",
		Usage: "time evaluations, and whole searches, in units of one plain ONNX Runtime pass of the float network",
		Flags: join(modelFlags(), dataFlags(), calibFlags(), metricFlags(), []cli.Flag{
			&cli.StringFlag{Name: "target", Category: catTarget, Usage: "`T`: also time a whole search for this target"},
			&cli.StringFlag{Name: "strategy", Category: catSearch, Value: "demotion", Usage: "`NAME`: strategy of that search"},
			&cli.StringFlag{Name: "scan", Category: catSearch, Value: "fast", Usage: "`MODE`: scans of that search: fast or naive"},
			&cli.StringFlag{Name: "against", Category: catSearch, Usage: "`MODE`: naive: also run the same search with naive scans, and print the ratios"},
			&cli.IntFlag{Name: "runs", Category: catSearch, Value: 5, Usage: "`N`: repeat each timing N times, of the search alone and of the whole command"},
			jsonFlag(), cacheFlag()}, deviceFlags()),
		Action: func(c *cli.Context) error {
			cfg, err := config(c)
			if err != nil {
				return err
			}
			cfg.Target, cfg.Strategy, cfg.Scan = c.String("target"), c.String("strategy"), c.String("scan")
			if c.Int("runs") < 1 {
				return usage("--runs %d: give at least 1", c.Int("runs"))
			}
			if cfg.Log, err = openRuntime(c); err != nil {
				return err
			}
			cfg.Words = &run.Wording{}
			cache, err := os.MkdirTemp("", "demote-bench-cache-*")
			if err != nil {
				return usage("cannot make a folder for the whole command: %w", err)
			}
			defer os.RemoveAll(cache)
			b, err := run.RunBench(c.Context, cfg, run.BenchOptions{Against: c.String("against"), Runs: c.Int("runs"), Typed: typedSearch(c, cache), First: true})
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return writeJSON(c, b)
			}
			printBench(c.App.Writer, b, cfg.Words)
			return nil
		},
	}
}

func printBench(w io.Writer, b *run.Bench, words *run.Wording) {
	fmt.Fprintf(w, "%s: %d activation quantizers (holders), %d samples in blocks (batches) of %d, %d workers\n", b.Network, b.Holders, b.Samples, b.Block, b.Workers)
	if b.Device != "" {
		fmt.Fprintf(w, "everything ran on %s\n", b.Device)
	}
	fmt.Fprintf(w, "R, a plain pass of the float network     %s s (sessions %d, threads %d, batch %d; %d passes)\n", b.R, b.RSessions, b.RThreads, b.RBatch, b.RPasses)
	fmt.Fprintf(w, "CPU-R, the same by one thread            %s processor seconds (batch %d)\n", b.SingleCPU, b.SingleBatch)
	layout := "ordinary"
	if b.Blocked {
		layout = "blocked"
	}
	fmt.Fprintf(w, "a full evaluation, %-8s layout       %s R, %s CPU-R\n", layout, b.Trial, b.TrialCPU)
	fmt.Fprintf(w, "  %.3g evaluations/s, %.4g samples/s, %.2f %% of the workers' busy time outside ONNX Runtime\n", b.TrialsPerSec, b.SamplesPerSec, 100*b.Outside)
	fmt.Fprintf(w, "switching to another mask                %.3g us\n", 1e6*b.Switch.Median)
	fmt.Fprintf(w, "making a session of it instead           %.3g us\n", 1e6*b.Rebuild.Median)
	if b.Device != "" {
		m := b.Moved
		fmt.Fprintf(w, "a full evaluation moves %d bytes up in %d copies and %d bytes down in %d, allocates %d times,\n", m.UpBytes, m.UpCopies, m.DownBytes, m.DownCopies, m.Allocations)
		fmt.Fprintf(w, "  and starts %d kernels beside the network's; %.0f %% of its time is not the float network's: FakeQuant\n", m.Launches, 100*b.FakeQuant)
		fmt.Fprintf(w, "%d of %d parts of the network are replayed as CUDA graphs%s\n", b.Graphs, b.Parts, because(b.Why))
	}
	if b.StartUp > 0 {
		fmt.Fprintf(w, "from the files to the first evaluation    %.3g s\n", b.StartUp)
	}
	for _, s := range []*run.BenchSearch{b.Search, b.Naive} {
		if s != nil {
			printSearch(w, s, words)
		}
	}
	if a := b.Against; a != nil {
		fmt.Fprintf(w, "fast against naive: %s of the passes, %s of the time, %s of the processor time\n", a.Passes, a.Time, a.CPU)
	}
	if o := b.Whole; o != nil {
		fmt.Fprintf(w, "the same as a command that is typed, with set-up, checks, files and report, %d times:\n", o.Runs)
		fmt.Fprintf(w, "  %s R, %s CPU-R, %s s\n", o.R, o.CPUR, o.Seconds)
		if o.FirstSeconds > 0 {
			fmt.Fprintf(w, "the first time, in which the networks are tried in child processes: %.3g R, %.3g s\n", o.FirstR, o.FirstSeconds)
		}
	}
}

func printSearch(w io.Writer, s *run.BenchSearch, words *run.Wording) {
	low, high := words.Widths().LowName(), words.Widths().HighName()
	fmt.Fprintf(w, "search %s, target %s, scan %s, from the first score to the last, %d times:\n", s.Strategy, s.Target, s.Scan, s.Runs)
	fmt.Fprintf(w, "  %s R, %s CPU-R, %s s; %s, equal to %.1f full passes; %d holders stay %s\n",
		s.Spread, s.CPUR, s.SecondsSpread, result.Count(s.Evaluations, "evaluation"), s.Passes, s.Int16, high)
	fmt.Fprintf(w, "  %d parts, %.1f MiB for stored activations; %d blocks run, %d from stored activations; %d more needed no run (%s and %s gave the same bits); %d masks scored before\n",
		s.Parts, float64(s.Stored)/(1<<20), s.Blocks, s.Restored, s.NoOps, low, high, s.Memo)
	fmt.Fprintf(w, "  %.3g evaluations/s, %.4g samples/s; %d of %.0f part runs; %.1f GiB of stored activations read and written\n",
		s.PerSec, s.SamplesPerS, s.PartRuns, s.WholeRuns, float64(s.Moved)/(1<<30))
	fmt.Fprintf(w, "  %.2f %% of the workers' busy time outside ONNX Runtime, %.1f %% of their time idle\n", 100*s.Outside, 100*s.Idle)
	fmt.Fprintf(w, "  work thrown away: %.2f full passes, %d of %d blocks that idle workers ran ahead\n", s.ThrownPass, s.Thrown, s.Ahead)
}

// because puts a reason behind a statement, "" if there is none.
func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}
