package cli

import (
	"strconv"

	"github.com/urfave/cli/v2"

	"example.org/demote/backend/metric"
	"example.org/demote/run"
)

// commandFlags make a command of the user's the metric. Their values come from the command line only.
var commandFlags = []string{"metric-cmd", "metric-serve"}

// metricFlags say what is measured.
func metricFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "metric", Category: catTarget, Usage: "`NAME`: " + either(metric.Names()) + " (default: top1 with labels, else agreement)"},
		&cli.StringSliceFlag{Name: "output", Category: catTarget, Usage: "`NAME`: output that the metric reads, if the network has several; repeatable for a metric that reads several, or all"},
		&cli.StringFlag{Name: "metric-cmd", Category: catTarget, Usage: "`COMMAND`: your own metric: a shell command that reads the outputs, and the labels if there are any, as npy on its standard input, and prints one number; see docs/metrics.md"},
		&cli.StringFlag{Name: "metric-serve", Category: catTarget, Usage: "`COMMAND`: your own metric as a program that is started once, such as a script that ends with demote_metric.serve(f); see docs/metrics.md"},
		&cli.StringFlag{Name: "decode", Category: catTarget, Usage: "`LAYOUT`: how the outputs hold boxes, for map and map50: " + either(metric.LayoutNames())},
		&cli.StringFlag{Name: "anchors", Category: catTarget, Usage: "`LIST`: anchors of yolov5-heads or ssd in pixels of the input, or a FILE.csv of them (default: YOLOv5's for COCO); see docs/metrics.md"},
		&cli.Float64Flag{Name: "nms-score", Category: catTarget, Usage: "`S`: boxes with a score at or below S do not count (default: 0.001)"},
		&cli.Float64Flag{Name: "nms-iou", Category: catTarget, Usage: "`O`: boxes of a class that overlap by more than O count as one (default: 0.65)"},
		&cli.IntFlag{Name: "max-detections", Category: catTarget, Usage: "`N`: boxes of an image that count, the best (default: 300)"},
		&cli.IntFlag{Name: "blank", Category: catTarget, Usage: "`N`: class that stands for no token, for cer and wer (default: 0)"},
		&cli.Int64Flag{Name: "space", Category: catTarget, Usage: "`N`: class that ends a word, for wer"},
		&cli.StringSliceFlag{Name: "label-array", Category: catTarget, Usage: "`NAME`: array of the data that --metric-cmd or --metric-serve gets as labels; repeatable (default: y)"},
		&cli.StringFlag{Name: "metric-name", Category: catTarget, Usage: "`NAME`: what results call --metric-cmd or --metric-serve (default: command)"},
		&cli.BoolFlag{Name: "metric-lower", Category: catTarget, Usage: "lower is better for --metric-cmd or --metric-serve"},
		&cli.DurationFlag{Name: "metric-timeout", Category: catTarget, Usage: "`TIME`: timeout of --metric-cmd for one score, or of --metric-serve for one answer (default: 10m)"},
		&cli.StringFlag{Name: "class-weights", Category: catTarget, Usage: "`W,W,...`: weight of each class in the metric, or balanced"},
		&cli.Int64Flag{Name: "ignore-label", Category: catTarget, Usage: "`N`: ignore samples or pixels with this label"},
	}
}

// metricChoices reads them.
func metricChoices(c *cli.Context, cfg *run.Config) error {
	cfg.Metric, cfg.MetricCmd, cfg.LabelArrays, cfg.MetricName = c.String("metric"), c.String("metric-cmd"), c.StringSlice("label-array"), c.String("metric-name")
	cfg.MetricServe, cfg.Blank = c.String("metric-serve"), c.Int("blank")
	if c.IsSet("space") {
		n := c.Int64("space")
		cfg.Space = &n
	}
	cfg.Decode, cfg.Anchors, cfg.MaxDetections = c.String("decode"), c.String("anchors"), c.Int("max-detections")
	for name, to := range map[string]**float64{"nms-score": &cfg.NMSScore, "nms-iou": &cfg.NMSIoU} {
		if c.IsSet(name) {
			v := c.Float64(name)
			*to = &v
		}
	}
	if list := c.StringSlice("output"); len(list) > 0 {
		cfg.Output, cfg.Beside = list[0], list[1:]
	}
	cfg.MetricLower, cfg.MetricTimeout, cfg.ClassWeights = c.Bool("metric-lower"), c.Duration("metric-timeout"), c.String("class-weights")
	if c.IsSet("ignore-label") {
		n := c.Int64("ignore-label")
		cfg.IgnoreLabel = &n
	}
	switch {
	case c.IsSet("metric-cmd") && cfg.MetricCmd == "":
		return usage("--metric-cmd needs a value; see `%s --help`", c.Command.HelpName)
	case c.IsSet("metric-serve") && cfg.MetricServe == "":
		return usage("--metric-serve needs a value; see `%s --help`", c.Command.HelpName)
	case c.IsSet("metric-timeout") && cfg.MetricTimeout <= 0:
		return usage("--metric-timeout %s: give a time such as 10m", strconv.Quote(cfg.MetricTimeout.String()))
	}
	return nil
}

// commandAgainFlags give a metric command to a command that repeats a run's check: none is taken from its folder.
func commandAgainFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "metric-cmd", Category: catTarget, Usage: "`COMMAND`: for a run with --metric-cmd: the same command again, to check the score as well as the outputs"},
		&cli.StringFlag{Name: "metric-serve", Category: catTarget, Usage: "`COMMAND`: the same for a run with --metric-serve"},
	}
}
