package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/urfave/cli/v2"

	"demote/run"
)

func searchCommand() *cli.Command {
	own := []cli.Flag{
		&cli.StringFlag{Name: "low", Category: catInput, Usage: "8-bit `FILE` of a pair, in place of --model and --calib"},
		&cli.StringFlag{Name: "high", Category: catInput, Usage: "16-bit `FILE` of a pair"},
		&cli.StringFlag{Name: "start", Category: catInput, Usage: "promotion list `FILE` to start from"},
		&cli.StringFlag{Name: "target", Category: catTarget, Usage: "score that the mix must stay above, `T`: 0.9125, 16bit-0.005, float-0.01, or 50% (of the way from 8 to 16 bits)"},
		&cli.StringFlag{Name: "out", Category: catTarget, Usage: "run `FOLDER`: new, or that of an interrupted run, which goes on"},
		&cli.BoolFlag{Name: "force", Category: catTarget, Usage: "overwrite what is in the run folder"},
		&cli.StringFlag{Name: "strategy", Category: catSearch, Value: "auto", Usage: "`NAME`: " + strings.Join(run.Strategies(), ", ") + " (demotion is the reference)"},
		&cli.IntFlag{Name: "trials", Category: catSearch, Usage: "stop after `N` scores with the best so far (0: no budget)"},
		&cli.DurationFlag{Name: "time", Category: catSearch, Usage: "stop after `TIME`, such as 10m, with the best so far (0s: no budget)"},
		&cli.StringFlag{Name: "scan", Category: catSearch, Value: "fast", Usage: "fast, or naive: every trial in full; the decisions are the same"},
		&cli.StringFlag{Name: "chain", Category: catSearch, Value: "demoted", Usage: "score that the chain of strategy demotion records: demoted, or last as the reference has it"},
		&cli.Float64Flag{Name: "multiplier", Category: catSearch, Value: 0.5, Usage: "of strategy demotion, `M` in 0 to 1: small is slow and thorough"},
		&cli.Uint64Flag{Name: "seed", Category: catSearch, Value: 1, Usage: "of all that is drawn by lot, `N` in 0 to 4294967295"},
		&cli.StringFlag{Name: "weights", Category: catSearch, Value: "high", Usage: "of a pair: high, or follow the width of the layer's output"},
		&cli.BoolFlag{Name: "allow-nan", Category: catSearch, Usage: "go on with a network that gives NaN"},
		&cli.BoolFlag{Name: "dry-run", Category: catSearch, Usage: "say what would be searched, and search nothing"},
		&cli.BoolFlag{Name: "json", Usage: "lines of JSON instead of text; the last is the result"},
	}
	return &cli.Command{
		Name:  "search",
		Usage: "find the largest set of int8 activations above a target, and write that network",
		Description: "demote search --model M.onnx --calib C.npz --data E.npz --target 16bit-0.005 --out DIR\n\n" +
			"DIR gets mixed.onnx (the network that was searched, as QDQ), promotion.txt (what stays int16),\n" +
			"result.json, curve.csv and journal.db. The same command goes on with an interrupted run.\n\n" +
			"Exit codes: 0 found, 2 a mistake in what was given, 3 the target cannot be met (DIR has the best\n" +
			"that can), 4 the written file does not score what the search said, 130 interrupted.",
		Flags:  join(modelFlags(), dataFlags(), calibFlags(), metricFlags(), own, deviceFlags()),
		Action: searchAction,
	}
}

func searchAction(c *cli.Context) error {
	cfg, err := config(c)
	if err != nil {
		return err
	}
	cfg.Target, cfg.Out, cfg.Start, cfg.Force = c.String("target"), c.String("out"), c.String("start"), c.Bool("force")
	cfg.Strategy, cfg.Scan, cfg.Chain = c.String("strategy"), c.String("scan"), c.String("chain")
	cfg.Trials, cfg.Time = c.Int("trials"), c.Duration("time")
	cfg.Multiplier, cfg.Weights, cfg.DryRun = c.Float64("multiplier"), c.String("weights"), c.Bool("dry-run")
	if c.Uint64("seed") > math.MaxUint32 {
		return usage("--seed %d: give a number from 0 to %d", c.Uint64("seed"), uint32(math.MaxUint32))
	}
	cfg.Seed = uint32(c.Uint64("seed"))
	cfg.Command = commandLine()
	if cfg.Log, err = openRuntime(c); err != nil {
		return err
	}
	watch := newWatcher(c.App.Writer, c.App.ErrWriter, c.Bool("json"))
	cfg.Progress, cfg.Say = watch.event, watch.say
	result, err := run.Search(c.Context, cfg)
	watch.close()
	if result != nil && !cfg.DryRun && (err == nil || run.ExitCode(err) != run.ExitMistake) {
		if c.Bool("json") {
			return firstError(err, json.NewEncoder(c.App.Writer).Encode(result))
		}
		summary(c.App.Writer, result)
	}
	return err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// summary tells a person what a search ended with.
func summary(w io.Writer, r *run.Result) {
	high := len(r.Promotion)
	low := len(r.Holders) - high
	fmt.Fprintln(w)
	if r.Met {
		fmt.Fprintf(w, "%d of %d activations run in int8; %d stay int16:\n", low, len(r.Holders), high)
	} else {
		fmt.Fprintf(w, "the target %s cannot be met; the best is all %d activations in int16\n", r.Target.Text, len(r.Holders))
	}
	const most = 12
	for i, name := range r.Promotion {
		if i == most && high > most+1 {
			fmt.Fprintf(w, "  ... and %d more, see promotion.txt\n", high-most)
			break
		}
		if r.Met {
			fmt.Fprintln(w, "  "+name)
		}
	}
	fmt.Fprintf(w, "\n%-22s %s\n", r.Metric, "score")
	for _, row := range []struct {
		name string
		s    *run.ScoreResult
	}{{"float", r.Score.Float}, {"all int16", r.Score.High}, {"all int8", r.Score.Low}, {"the mix", r.Score.Mixed}} {
		if row.s != nil {
			fmt.Fprintf(w, "  %-20s %s\n", row.name, scoreText(row.s))
		}
	}
	fmt.Fprintf(w, "  %-20s %s (%.6g)\n", "target, to be above", r.Target.Text, r.Target.Value)
	if v := r.Verified; v != nil {
		fmt.Fprintf(w, "\nmixed.onnx, run in ONNX Runtime: %s\n", verdict(v))
	}
	fmt.Fprintf(w, "\n%d scores asked for, %d masks tried, %.1f whole passes over the %d samples, %.1f s\n",
		r.Evaluations, r.Trials, r.SampleEvals/float64(max(r.Samples, 1)), r.Samples, r.Seconds)
	fmt.Fprintf(w, "everything is in %s\n", r.Config.Out)
}

func scoreText(s *run.ScoreResult) string {
	switch {
	case s.Correct != nil && s.Value != nil:
		return fmt.Sprintf("%.4f  (%d of %d)", *s.Value, *s.Correct, *s.Total)
	case s.Value != nil:
		return fmt.Sprintf("%.6g", *s.Value)
	}
	return "infinite"
}

func verdict(v *run.Verified) string {
	text := "outputs equal the search's, bit for bit, on every sample"
	if !v.Identical {
		text = "OUTPUTS DIFFER from the search's, first in tensor " + v.FirstDiffering
	}
	if v.Correct != nil {
		text += fmt.Sprintf("\n  exact session    %d correct", *v.Correct)
	}
	if v.DefaultCorrect != nil {
		text += fmt.Sprintf("\n  default session  %d correct", *v.DefaultCorrect)
	}
	return text
}
