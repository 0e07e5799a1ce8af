package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"example.org/demote/internal/journal"
	"example.org/demote/run"
	"example.org/demote/search"
)

func searchCommand() *cli.Command {
	pair := []cli.Flag{
		&cli.StringFlag{Name: "weights", Category: catInput, Value: "high", Usage: "`MODE`: of a pair whose files differ in them: high: those of the 16-bit file; follow: each layer's from the file whose width its output has"},
	}
	own := []cli.Flag{
		&cli.StringFlag{Name: "target", Category: catTarget, Usage: "`T`: what the mix must score above: 0.9125, 16bit-0.005 (less than 0.005 below the int16 network), float-0.01, or 50% (of the way from int8 to int16)"},
		&cli.StringFlag{Name: "holdout", Category: catTarget, Usage: "`FILE`: or a share of --data such as 30%: samples that the search never sees, on which the mix is scored at the end"},
		&cli.StringFlag{Name: "confidence", Category: catTarget, Usage: "`C`: promise with this confidence, such as 0.95, that the mix meets the target on unseen samples too; the promise is tested on --holdout"},
		&cli.StringFlag{Name: "out", Category: catTarget, Usage: "`DIR`: run folder: a new one, or that of an interrupted run, which goes on"},
		&cli.BoolFlag{Name: "force", Category: catTarget, Usage: "overwrite what is in --out"},
		&cli.StringSliceFlag{Name: "export", Category: catTarget, Usage: "`FORMAT,...`: write the mix in more formats: " + either(run.FormatNames()) + "; may be given again"},
		&cli.StringFlag{Name: "session", Category: catTarget, Value: "exact", Usage: "`MODE`: in which ONNX Runtime session the mix must meet the target: exact, or default: in both"},
		&cli.BoolFlag{Name: "dry-run", Category: catTarget, Usage: "say what would be searched, and search nothing"},
		&cli.StringFlag{Name: "strategy", Category: catSearch, Value: "auto", Usage: "`NAME`: " + either(run.Strategies()) + "; demotion is the reference"},
		&cli.StringFlag{Name: "start", Category: catSearch, Usage: "`FILE`: promotion list to start from, as in promotion.txt"},
		&cli.IntFlag{Name: "trials", Category: catSearch, Usage: "`N`: stop after N scores, at least 1, with the best so far (default: no budget)"},
		&cli.DurationFlag{Name: "time", Category: catSearch, Usage: "`TIME`: stop after a time such as 10m, set-up included, with the best so far (default: no budget)"},
		&cli.StringFlag{Name: "scan", Category: catSearch, Value: "fast", Usage: "`MODE`: fast, or naive: every trial in full; the decisions are the same"},
		&cli.StringFlag{Name: "chain", Category: catSearch, Value: "demoted", Usage: "`MODE`: score that the chain of strategy demotion records: demoted, or last as the reference has it"},
		&cli.Float64Flag{Name: "multiplier", Category: catSearch, Value: 0.5, Usage: "`M`: of strategy demotion, 0 to 1: small is slow and thorough"},
		cacheFlag(), biasFlag(), fixFlag(catTarget),
		&cli.BoolFlag{Name: "json", Category: catPrint, Usage: "JSON instead of text: a line an event; the last line is the result"},
	}
	return &cli.Command{
		Name:  "search",
		Usage: "find the largest set of int8 activations above a target, and write that network",
		Description: "For example:\n" +
			"  demote search --model M.onnx --calib C.npz --data E.npz --target 16bit-0.005 --out DIR\n\n" +
			"DIR gets mixed.onnx (the network that was searched, as QDQ), promotion.txt (what stays int16), " +
			"result.json, curve.csv and journal.db. The same command goes on with an interrupted run.\n\n" +
			"Exit codes: 0 found; 2 a mistake in what was given; 3 the target cannot be met, or not be promised (DIR has the best " +
			"that can); 4 the written file does not score what the search said; 130 interrupted.",
		Flags:  join(modelFlags(), calibFlags(), dataFlags(), quantizedFlags(), pair, own, wishFlags(), metricFlags(), deviceFlags()),
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
	if err := constraintFlags(c, &cfg); err != nil {
		return err
	}
	cfg.Holdout, cfg.Confidence = c.String("holdout"), c.String("confidence")
	cfg.Multiplier, cfg.Weights, cfg.DryRun = new(c.Float64("multiplier")), c.String("weights"), c.Bool("dry-run")
	exports := strings.Join(c.StringSlice("export"), ",")
	cfg.Export, cfg.Session = formatList(exports), c.String("session")
	if c.IsSet("export") && len(cfg.Export) == 0 {
		return usage("--export %q names no format: give one or more of %s", exports, strings.Join(run.FormatNames(), ", "))
	}
	cfg.Command = commandLine(os.Args)
	var taken string
	if cfg.Log, taken, err = takeRuntime(c); err != nil {
		return err
	}
	follows := cfg.Strategy
	if cfg.Int16Share != "" { // whatever the strategy, that search is one of its own
		follows = "share"
	}
	watch := newWatcher(c.App.Writer, c.App.ErrWriter, c.Bool("json"), follows, search.Budget{Trials: cfg.Trials, Time: cfg.Time})
	watch.header = taken
	cfg.Progress, cfg.Say, cfg.Stage = watch.event, watch.say, watch.stage
	if cfg.DryRun && !watch.json {
		cfg.Say = func(text string) { fmt.Fprintln(c.App.Writer, message(text)) }
	}
	found, err := run.Search(c.Context, cfg)
	watch.end(err)
	best := found != nil && found.Score.Mixed != nil
	switch {
	case found == nil || err != nil && !best:
	case watch.json:
		writeLine(c.App.Writer, found)
	case !cfg.DryRun:
		summary(c.App.Writer, found, err)
	}
	if errors.Is(err, context.Canceled) {
		return interruption(err, cfg.Out, best)
	}
	return err
}

// interrupted is an interruption, worded for the person who caused it.
type interrupted struct {
	error
	text string
}

func (i interrupted) Error() string { return i.text }
func (i interrupted) Unwrap() error { return i.error }

// interruption says what an interrupted search leaves behind, with a mix or without.
func interruption(err error, out string, best bool) error {
	if _, gone := os.Stat(filepath.Join(out, journal.JournalFile)); out == "" || gone != nil {
		return interrupted{err, "interrupted before the search began; nothing is left of it"}
	}
	if !best {
		return interrupted{err, "interrupted before the first mix was known; " + out + " has what is known so far, grids and scores, and the same command begins there again"}
	}
	return interrupted{err, "interrupted; " + out + " has the best so far, and the same command goes on from there"}
}
