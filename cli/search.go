package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"example.org/demote/backend/metric"
	"example.org/demote/cli/tty"
	"example.org/demote/internal/journal"
	"example.org/demote/run"
	"example.org/demote/search"
)

func searchCommand() *cli.Command {
	pair := []cli.Flag{
		&cli.StringFlag{Name: "weights", Category: catInput, Value: "high", Usage: "`MODE`: which weights to use when the files of a pair differ in them: high (those of the 16-bit file), or follow (each layer's from the file with the bit-width of its output)"},
	}
	own := []cli.Flag{
		&cli.StringFlag{Name: "target", Category: catTarget, Usage: "`T`: the score must be above T: 0.9125, 16bit-0.005 (less than 0.005 below the all-int16 baseline), float-0.01 (below the float baseline), or 50% (of the way from all int8 to all int16). T,T,T: several targets, which share what is known; each has a folder of its own in --out"},
		&cli.StringFlag{Name: "max-drop", Category: catTarget, Usage: "`D`: in place of --target: the score may be less than D worse than that of the float network, such as 0.01; the same as --target float-0.01"},
		&cli.StringFlag{Name: "holdout", Category: catTarget, Usage: "`FILE`: held-out samples that the search never sees, or a share of --data such as 30%; the result is scored on them at the end"},
		&cli.StringFlag{Name: "confidence", Category: catTarget, Usage: "`C`: confidence, such as 0.95, with which the result must meet the target on unseen samples; tested on --holdout"},
		&cli.StringFlag{Name: "out", Category: catPrint, Usage: "`DIR`: run folder: a new one, or that of an interrupted run, which is resumed"},
		&cli.StringFlag{Name: "reuse", Category: catSearch, Usage: "`DIR`: run folder of another search of this network on the same data and grids, for another target, cost or pins: what it has scored is not run again"},
		&cli.BoolFlag{Name: "force", Category: catPrint, Usage: "overwrite what is in --out"},
		&cli.StringSliceFlag{Name: "export", Category: catPrint, Usage: "`FORMAT,...`: also export the result as " + either(run.FormatNames()) + "; repeatable"},
		&cli.StringFlag{Name: "session", Category: catTarget, Value: "exact", Usage: "`MODE`: session of ONNX Runtime in which the result must meet the target: exact (ONNX Runtime computes the QDQ operators as they are written), or default (also a session with ONNX Runtime's defaults, which may fuse and round differently)"},
		&cli.BoolFlag{Name: "dry-run", Category: catPrint, Usage: "print what would be searched, and run no evaluation"},
		&cli.StringFlag{Name: "strategy", Category: catSearch, Value: "auto", Usage: "`NAME`: search algorithm: " + strategyList() + ". A unit is a holder, or a group of holders with one bit-width; docs/strategies.md describes each"},
		&cli.StringFlag{Name: "start", Category: catSearch, Usage: "`FILE`: promotion list to start from: the holders that stay int16 at first, in the format of promotion.txt"},
		&cli.IntFlag{Name: "evaluations", Aliases: []string{"trials"}, Category: catSearch, Usage: "`N`: stop after N evaluations, at least 1, with the best result so far (default: no limit)"},
		&cli.DurationFlag{Name: "time", Category: catSearch, Usage: "`TIME`: stop after this time, such as 10m, set-up included, with the best result so far (default: no limit)"},
		&cli.StringFlag{Name: "scan", Category: catSearch, Value: "fast", Usage: "`MODE`: fast (stops an evaluation once its outcome is certain), or naive (runs each on all samples); same decisions"},
		&cli.StringFlag{Name: "chain", Category: catSearch, Value: "demoted", Usage: "`MODE`: which score strategy demotion records for a step of its chain (the list of demotions): demoted (of the chosen holder), or last (of the last candidate, as the reference algorithm does)"},
		&cli.Float64Flag{Name: "multiplier", Category: catSearch, Value: 0.5, Usage: "`M`: of strategy demotion, 0 to 1: up to this share of the allowed loss it demotes the first holder that it finds, beyond it the best of all; smaller is slower and more thorough"},
		&cli.StringFlag{Name: "ladder", Category: catGrids, Usage: "`WIDTHS`: in place of --bits three widths, the lowest first, such as 4,8,16: step 1 searches from 16 to 8 with a part of the loss that the target allows, step 2 from 8 to 4, with all of it, among the activations that step 1 has in 8"},
		&cli.StringFlag{Name: "ladder-split", Category: catGrids, Usage: "`SHARE`: the part of the loss for step 1 of a --ladder, between 0 and 1 (default: 0.5)"},
		searchWeightsFlag("search the weights of layers too, each in 4 bits or as --weight-bits says (default: 8)"),
		cacheFlag(), biasFlag(), repairFlag(), fixFlag(catPrint),
		&cli.BoolFlag{Name: "json", Category: catPrint, Usage: "print JSON lines, one per event; the last line is the result, or one line for each of several targets"},
	}
	return &cli.Command{
		Name:  "search",
		Usage: "find the largest set of int8 activations above an accuracy target, and write that network",
		Description: "For example:\n" +
			"  demote search --model M.onnx --calib C.npz --data E.npz --target 16bit-0.005 --out DIR\n\n" +
			"Each activation quantizer (holder) of the network gets a bit-width: int8 or int16. Calibration chooses its ranges. " +
			"To demote a holder is to change it from int16 to int8. An evaluation scores the network with one choice of bit-widths, the mask.\n\n" +
			"DIR gets mixed.onnx (the mixed-precision network, as QDQ), promotion.txt (the promotion list: the holders that stay int16), " +
			"result.json, curve.csv and journal.db. The same command resumes an interrupted run.\n\n" +
			"Exit codes: 0 found; 2 a mistake in the command or a file; 3 the target cannot be met, or not with the --confidence (DIR has " +
			"the best result); 4 the written file does not score what the search reported; 130 interrupted.",
		Flags:  join(modelFlags(), calibFlags(), dataFlags(), quantizedFlags(), pair, own, limitFlags(), metricFlags(), deviceFlags(), []cli.Flag{membersFlag()}, gatherFlags()),
		Action: searchAction,
	}
}

func searchWeightsFlag(usage string) cli.Flag {
	return &cli.BoolFlag{Name: "search-weights", Category: catGrids, Usage: usage}
}

// strategyList names the strategies in a sentence, each with what it does.
func strategyList() string {
	var list []string
	for _, s := range search.Strategies() {
		list = append(list, s.Name+" ("+s.Does+")")
	}
	return either(list)
}

func searchAction(c *cli.Context) error {
	cfg, err := config(c)
	if err != nil {
		return err
	}
	cfg.Out, cfg.Start, cfg.Force = c.String("out"), c.String("start"), c.Bool("force")
	if cfg.Target, err = targetOf(c, cfg); err != nil {
		return err
	}
	cfg.Reuse = c.String("reuse")
	cfg.Strategy, cfg.Scan, cfg.Chain = c.String("strategy"), c.String("scan"), c.String("chain")
	if err := constraintFlags(c, &cfg); err != nil {
		return err
	}
	if cfg.Prove = c.String("prove"); c.IsSet("prove") && cfg.Prove == "" {
		return usage("--prove needs a value: a time such as 10m, a number such as 2, or all")
	}
	cfg.Holdout, cfg.Confidence = c.String("holdout"), c.String("confidence")
	cfg.Multiplier, cfg.Weights, cfg.DryRun = new(c.Float64("multiplier")), c.String("weights"), c.Bool("dry-run")
	exports := strings.Join(c.StringSlice("export"), ",")
	cfg.Export, cfg.Session = formatList(exports), c.String("session")
	if c.IsSet("export") && len(cfg.Export) == 0 {
		return usage("--export %q names no format: give one or more of %s", exports, strings.Join(run.FormatNames(), ", "))
	}
	cfg.SearchWeights = c.Bool("search-weights")
	cfg.Ladder, cfg.LadderSplit = c.String("ladder"), c.String("ladder-split")
	if c.IsSet("ladder") && cfg.Ladder == "" {
		return usage("--ladder needs a value: widths such as 4,8,16")
	}
	cfg.Command = commandLine(os.Args)
	var taken string
	if cfg.Log, taken, err = takeRuntime(c); err != nil {
		return err
	}
	follows := cfg.Strategy
	if cfg.Int16Share != "" || cfg.Budget != "" { // whatever the strategy, that search is one of its own
		follows = "share"
	}
	watch := newWatcher(c.App.Writer, c.App.ErrWriter, c.Bool("json"), follows, search.Budget{Trials: cfg.Trials, Time: cfg.Time})
	watch.header = taken
	cfg.Words, watch.weights = watch.words, cfg.SearchWeights
	cfg.Progress, cfg.Left, cfg.Say, cfg.Stage = watch.event, watch.left, watch.say, watch.stage
	if cfg.DryRun && !watch.json {
		cfg.Say = func(text string) { fmt.Fprintln(c.App.Writer, tty.Message(text)) }
	}
	done, err := gathering(c, &cfg)
	if err != nil {
		return err
	}
	defer done()
	if run.IsList(cfg) {
		cfg.Next, cfg.Ended = watch.next, watch.ended
		return searchTargets(c, cfg, watch)
	}
	if cfg.IsLadder() {
		cfg.Next, cfg.Ended = watch.next, watch.ended
	}
	found, err := run.Search(c.Context, cfg)
	done()
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
		if found != nil && cfg.IsLadder() { // the folder of the step that was interrupted
			cfg.Out = found.Config.Out
		}
		return interruption(err, cfg.Out, best)
	}
	return err
}

// targetOf is the target, which --max-drop says in other words.
func targetOf(c *cli.Context, cfg run.Config) (string, error) {
	if !c.IsSet("max-drop") {
		return c.String("target"), nil
	}
	if c.IsSet("target") {
		return "", usage("--max-drop and --target both say what the score must be: leave one of them out")
	}
	drop := strings.TrimSpace(c.String("max-drop"))
	if n, err := strconv.ParseFloat(drop, 64); err != nil || !(n >= 0) || strings.HasPrefix(drop, "+") || strings.HasPrefix(drop, "-") {
		return "", usage("--max-drop %s: give how much worse the score may be than that of the float network, in the metric's own unit, such as 0.01", strconv.Quote(drop))
	}
	sign := "-"
	if m, err := metric.ByName(cfg.Metric); cfg.MetricLower || err == nil && cfg.Metric != "" && m.Lower {
		sign = "+"
	}
	return "float" + sign + drop, nil
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
	return interrupted{err, "interrupted; " + out + " has the best so far, and the same command resumes the run"}
}
