package cli

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

// Values that flags take. A test holds the first three against the rooms that know them.
var (
	gridKinds    = []string{"asymmetric", "symmetric", "pow2"}
	rangeMethods = []string{"minmax", "average", "percentile", "mse", "entropy", "threshold"}
	formulas     = []string{"qdq", "mctq", "torch"}
)

// either lists names in a sentence: a, b or c.
func either(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// modelFlags name the network.
func modelFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "model", Category: catInput, Usage: "`FILE`: float network, as ONNX"},
		&cli.BoolFlag{Name: "output-holder", Category: catInput, Usage: "quantize the network's float outputs too, also those behind a Reshape"},
		&cli.BoolFlag{Name: "unroll", Category: catInput, Usage: "open LSTM, GRU and RNN into single operators, step by step, so that their gates and states are quantized too"},
	}
}

// quantizedFlags name what is quantized already.
func quantizedFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "encodings-low", Category: catInput, Usage: "`FILE`: AIMET's 8-bit encodings of --model, in place of --calib"},
		&cli.StringFlag{Name: "encodings-high", Category: catInput, Usage: "`FILE`: AIMET's 16-bit encodings of --model"},
		&cli.StringFlag{Name: "low", Category: catInput, Usage: "`FILE`: 8-bit network of a pair that is already quantized, in place of --model and --calib"},
		&cli.StringFlag{Name: "high", Category: catInput, Usage: "`FILE`: 16-bit network of that pair"},
	}
}

// inputFlag gives inputs of the network a value.
func inputFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "input", Category: catInput, Usage: "`NAME=VALUE`: an input that has the same value for every sample, such as sr=16000, h=0,0,0,1, or state=0 where all of it is 0; may be given again"}
}

// dataFlags say which samples are evaluated.
func dataFlags() []cli.Flag {
	return join([]cli.Flag{
		&cli.StringFlag{Name: "data", Category: catInput, Usage: "`FILE`: evaluation samples: npz with arrays x (or one named after each input) and y, npy, MNIST idx, or a folder of images"},
		&cli.StringFlag{Name: "labels", Category: catInput, Usage: "`FILE`: labels of --data, where it has none or others: npy, npz, idx, or csv for a folder"},
		&cli.IntFlag{Name: "limit", Category: catInput, Usage: "`N`: use only N samples of --data, of each class its share (default: all)"},
		&cli.Uint64Flag{Name: "seed", Category: catInput, Value: 1, Usage: "`N`: decides all that is drawn by lot, such as the samples of --limit; 0 to 4294967295"},
	}, sampleFlags())
}

// sampleFlags say how samples are turned into the network's input.
func sampleFlags() []cli.Flag {
	return []cli.Flag{
		inputFlag(),
		&cli.StringSliceFlag{Name: "state", Category: catInput, Usage: "`OUT:IN`: an output that a step of a sequence hands to the next one as an input, such as hn:h; samples are then [samples, steps, ...], and the input begins at zero or as an array of its name says; may be given again"},
		&cli.StringSliceFlag{Name: "pad", Category: catInput, Usage: "`NAME=VALUE`: an input whose samples have different shapes, and what is put behind the shorter ones, such as ids=0; may be given again. Without it each is run in its own shape"},
		&cli.StringFlag{Name: "spool", Category: catInput, Usage: "`DIR`: leave the samples on disk, where trials read them, and unpack to this folder what cannot be read in place (default: in memory, where they fit, and TMPDIR)"},
		&cli.StringFlag{Name: "scale", Category: catInput, Usage: "`S`: multiply all samples by S, or by S,S,S per channel"},
		&cli.StringFlag{Name: "mean", Category: catInput, Usage: "`M`: then subtract M, or M,M,M"},
		&cli.StringFlag{Name: "std", Category: catInput, Usage: "`D`: then divide by D, or D,D,D"},
	}
}

// calibFlags say how grids are made.
func calibFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "calib", Category: catInput, Usage: "`FILE`: calibration samples, in the formats of --data; no labels needed"},
		&cli.StringFlag{Name: "grid", Category: catGrids, Value: "asymmetric", Usage: "`KIND`: of all grids: " + either(gridKinds)},
		&cli.StringFlag{Name: "grid-low", Category: catGrids, Usage: "`KIND`: of the int8 grids, where it is another"},
		&cli.StringFlag{Name: "grid-high", Category: catGrids, Usage: "`KIND`: of the int16 grids, where it is another"},
		&cli.StringFlag{Name: "range", Category: catGrids, Value: "minmax", Usage: "`METHOD`: that finds all ranges: " + either(rangeMethods)},
		&cli.StringFlag{Name: "range-low", Category: catGrids, Usage: "`METHOD`: that finds the int8 ranges, where it is another"},
		&cli.StringFlag{Name: "range-high", Category: catGrids, Usage: "`METHOD`: that finds the int16 ranges, where it is another"},
		formulaFlag(), nanFlag(),
	}
}

func formulaFlag() cli.Flag {
	return &cli.StringFlag{Name: "formula", Category: catGrids, Value: "qdq", Usage: "`NAME`: of the rounding formula: " + either(formulas)}
}

// deviceFlags say where it runs.
func deviceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "device", Category: catDevice, Value: "auto", Usage: "`NAME`: auto, cpu, or a GPU such as cuda:0, for trials (`demote devices` lists them)"},
		&cli.IntFlag{Name: "workers", Category: catDevice, Usage: "`N`: blocks run at once, no more than there are (default: one a core)"},
		&cli.IntFlag{Name: "threads", Category: catDevice, Usage: "`N`: threads of ONNX Runtime a worker, at most one a core (default: 1)"},
		&cli.IntFlag{Name: "block", Category: catDevice, Usage: "`N`: samples a block, at most all of them (default: up to 20, fewer where samples are few or activations are large, or the network's fixed batch)"},
	}
}

// cacheFlag bounds what searches keep.
func cacheFlag() cli.Flag {
	return &cli.StringFlag{Name: "cache", Category: catDevice, Usage: "`BYTES`: for stored activations, and for the weights of sessions that begin at them, such as 2GiB, or 0 for none (default: a quarter of the free memory)"}
}

// biasFlag says what biases are.
func biasFlag() cli.Flag {
	return &cli.StringFlag{Name: "bias", Category: catGrids, Value: "float", Usage: "`KIND`: of the biases: float, or int32 with the scale of the layer's input times that of its weights"}
}

// fixFlag has files written with the shapes that are searched.
func fixFlag(category string) cli.Flag {
	return &cli.BoolFlag{Name: "fix-shapes", Category: category, Usage: "write files with the axes and the batch of the search instead of free ones"}
}

func nanFlag() cli.Flag {
	return &cli.BoolFlag{Name: "allow-nan", Category: catInput, Usage: "go on with a network that gives NaN"}
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Category: catPrint, Usage: "JSON instead of text"}
}

// config reads the flags that several commands share; absent ones read as zero.
func config(c *cli.Context) (run.Config, error) {
	r := run.Config{
		Model: c.String("model"), Low: c.String("low"), High: c.String("high"), Calib: c.String("calib"), EncodingsLow: c.String("encodings-low"), EncodingsHigh: c.String("encodings-high"), Data: c.String("data"), Spool: c.String("spool"), Labels: c.String("labels"),
		OutputHolder: c.Bool("output-holder"), Unroll: c.Bool("unroll"), Fixed: c.StringSlice("input"), Pad: c.StringSlice("pad"), State: c.StringSlice("state"), Limit: c.Int("limit"),
		GridLow: first(c, "grid-low", "grid"), GridHigh: first(c, "grid-high", "grid"),
		RangeLow: first(c, "range-low", "range"), RangeHigh: first(c, "range-high", "range"),
		Formula: c.String("formula"), Bias: c.String("bias"),
		Device: c.String("device"), Workers: c.Int("workers"), Threads: c.Int("threads"), Block: c.Int("block"),
		AllowNaN: c.Bool("allow-nan"), FixShapes: c.Bool("fix-shapes"), Version: c.App.Version,
	}
	if err := metricChoices(c, &r); err != nil {
		return r, err
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
	if findFlag(c.Command.Flags, "seed") != nil {
		r.Seed = new(uint32(c.Uint64("seed")))
	}
	if c.Uint64("seed") > math.MaxUint32 {
		return r, usage("--seed %d: give a number from 0 to %d", c.Uint64("seed"), uint32(math.MaxUint32))
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
	r.Say = warned(c.App.ErrWriter)
	return r, nil
}

// warned tells the warnings of a command that shows no progress, each once.
func warned(w io.Writer) func(text string) {
	told := map[string]bool{}
	return func(text string) {
		if strings.HasPrefix(text, "warning: ") && !told[text] {
			told[text] = true
			fmt.Fprintln(w, "demote: "+message(text))
		}
	}
}

func first(c *cli.Context, name, fallback string) string {
	if v := c.String(name); v != "" {
		return v
	}
	return c.String(fallback)
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
		if err != nil || !(v >= 0 && v*u.size <= 1<<62) {
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
