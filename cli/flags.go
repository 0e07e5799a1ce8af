package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"demote/backend"
	"demote/run"
)

// Categories under which `--help` groups the flags.
const (
	catInput  = "1. What goes in"
	catTarget = "2. What is wanted"
	catGrids  = "3. Grids"
	catSearch = "4. How it is searched"
	catDevice = "5. Where it runs"
)

// modelFlags name the network.
func modelFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "model", Category: catInput, Usage: "float network, an ONNX `FILE`"},
		&cli.BoolFlag{Name: "output-holder", Category: catInput, Usage: "the network's float outputs are quantized too"},
	}
}

// dataFlags say how samples are read.
func dataFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "data", Category: catInput, Usage: "evaluation samples: npz, npy, idx `FILE` or image folder; keys x (or the input's name) and y"},
		&cli.IntFlag{Name: "limit", Category: catInput, Usage: "use a stratified part of `N` samples (0: all)"},
		&cli.StringFlag{Name: "scale", Category: catInput, Usage: "multiply the samples by `S` (per channel: S,S,S), before mean and std"},
		&cli.StringFlag{Name: "mean", Category: catInput, Usage: "then subtract `M` (per channel: M,M,M)"},
		&cli.StringFlag{Name: "std", Category: catInput, Usage: "then divide by `D` (per channel: D,D,D)"},
	}
}

// calibFlags say how grids are made.
func calibFlags() []cli.Flag {
	kinds, ranges := "asymmetric, symmetric or pow2", "minmax, average, percentile, mse, entropy or threshold"
	return []cli.Flag{
		&cli.StringFlag{Name: "calib", Category: catInput, Usage: "calibration samples, as --data; labels are not needed"},
		&cli.StringFlag{Name: "grid", Category: catGrids, Value: "asymmetric", Usage: "`KIND` of all grids: " + kinds},
		&cli.StringFlag{Name: "grid-low", Category: catGrids, Usage: "`KIND` of the int8 grids"},
		&cli.StringFlag{Name: "grid-high", Category: catGrids, Usage: "`KIND` of the int16 grids"},
		&cli.StringFlag{Name: "range", Category: catGrids, Value: "minmax", Usage: "`METHOD` that finds all ranges: " + ranges},
		&cli.StringFlag{Name: "range-low", Category: catGrids, Usage: "`METHOD` that finds the int8 ranges"},
		&cli.StringFlag{Name: "range-high", Category: catGrids, Usage: "`METHOD` that finds the int16 ranges"},
		&cli.StringFlag{Name: "formula", Category: catGrids, Value: "qdq", Usage: "rounding `FORMULA`: qdq, mctq or torch"},
	}
}

// metricFlags say what is measured.
func metricFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "metric", Category: catTarget, Usage: "`METRIC`: " + strings.Join(backend.MetricNames(), ", ") + " (default: top1 with labels, else agreement)"},
		&cli.StringFlag{Name: "output", Category: catTarget, Usage: "`NAME` of the output that the metric reads, where the network has several"},
	}
}

// deviceFlags say where it runs.
func deviceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "device", Category: catDevice, Value: "auto", Usage: "`DEVICE`: auto or cpu"},
		&cli.IntFlag{Name: "workers", Category: catDevice, Usage: "blocks run at once, `N` (0: one a core)"},
		&cli.IntFlag{Name: "threads", Category: catDevice, Usage: "threads of ONNX Runtime a worker, `N` (0: 1)"},
		&cli.IntFlag{Name: "block", Category: catDevice, Usage: "samples a block, `N` (0: 50, or the network's fixed batch)"},
		&cli.StringFlag{Name: "cache", Category: catDevice, Usage: "`BYTES` for stored activations, such as 2GiB or 0 for none (default: a quarter of the free memory)"},
	}
}

// config reads the flags that several commands share; absent ones read as zero.
func config(c *cli.Context) (run.Config, error) {
	r := run.Config{
		Model: c.String("model"), Low: c.String("low"), High: c.String("high"), Calib: c.String("calib"), Data: c.String("data"),
		OutputHolder: c.Bool("output-holder"), Limit: c.Int("limit"),
		GridLow: either(c, "grid-low", "grid"), GridHigh: either(c, "grid-high", "grid"),
		RangeLow: either(c, "range-low", "range"), RangeHigh: either(c, "range-high", "range"),
		Formula: c.String("formula"), Metric: c.String("metric"), Output: c.String("output"),
		Device: c.String("device"), Workers: c.Int("workers"), Threads: c.Int("threads"), Block: c.Int("block"),
		AllowNaN: c.Bool("allow-nan"), Version: c.App.Version,
	}
	for _, f := range []struct {
		name string
		to   *[]float32
	}{{"scale", &r.Scale}, {"mean", &r.Mean}, {"std", &r.Std}} {
		list, err := numbers(c.String(f.name))
		if err != nil {
			return r, usage("--%s %s: %v", f.name, c.String(f.name), err)
		}
		*f.to = list
	}
	for _, name := range []string{"limit", "workers", "threads", "block"} {
		if c.Int(name) < 0 {
			return r, usage("--%s %d: give a number that is not negative", name, c.Int(name))
		}
	}
	if text := c.String("cache"); text != "" {
		n, err := byteSize(text)
		if err != nil {
			return r, usage("--cache %s: %v", text, err)
		}
		r.Cache = n
		if n == 0 {
			r.Cache = -1
		}
	}
	if c.Args().Present() && c.Command.ArgsUsage == "" {
		return r, usage("unexpected argument %q; flags begin with --", c.Args().First())
	}
	return r, nil
}

func either(c *cli.Context, first, second string) string {
	if v := c.String(first); v != "" {
		return v
	}
	return c.String(second)
}

// numbers reads a list such as 0.5,0.5,0.5.
func numbers(text string) ([]float32, error) {
	if text == "" {
		return nil, nil
	}
	var list []float32
	for _, field := range strings.Split(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(field), 32)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", field)
		}
		list = append(list, float32(v))
	}
	return list, nil
}

// byteSize reads a size such as 512MiB, 2GiB, 100MB or a plain number of bytes.
func byteSize(text string) (int64, error) {
	units := []struct {
		suffix string
		size   float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1}}
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || v < 0 || v*u.size > 1<<62 {
			return 0, fmt.Errorf("give a size such as 512MiB, 2GiB or 0")
		}
		return int64(v * u.size), nil
	}
	return 0, fmt.Errorf("give a size such as 512MiB, 2GiB or 0")
}

func join(groups ...[]cli.Flag) []cli.Flag {
	var all []cli.Flag
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}
