package cli

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"example.org/demote/cli/tty"
	"example.org/demote/run"
)

// Values that flags take. A test holds the first three against the rooms that know them.
var (
	gridKinds    = []string{"asymmetric", "symmetric", "pow2"}
	rangeMethods = []string{"auto", "minmax", "average", "percentile", "mse", "entropy", "threshold"}
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
		&cli.BoolFlag{Name: "output-holder", Category: catInput, Usage: "quantize the network's float outputs too, also those that pass a Reshape"},
		&cli.BoolFlag{Name: "unroll", Category: catInput, Usage: "unroll LSTM, GRU and RNN into single operators, step by step, to quantize their gates and states too"},
	}
}

// quantizedFlags name what is quantized already.
func quantizedFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "encodings-low", Category: catInput, Usage: "`FILE`: AIMET 8-bit encodings of --model, instead of --calib"},
		&cli.StringFlag{Name: "encodings-high", Category: catInput, Usage: "`FILE`: AIMET 16-bit encodings of --model"},
		&cli.StringFlag{Name: "low", Category: catInput, Usage: "`FILE`: 8-bit network of an already quantized pair, instead of --model and --calib"},
		&cli.StringFlag{Name: "high", Category: catInput, Usage: "`FILE`: 16-bit network of that pair"},
	}
}

// inputFlag gives inputs of the network a value.
func inputFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "input", Category: catInput, Usage: "`NAME=VALUE`: an input with one value for all samples, such as sr=16000, h=0,0,0,1, or state=0 for all zeros; repeatable"}
}

// dataFlags say which samples are evaluated.
func dataFlags() []cli.Flag {
	return join([]cli.Flag{
		&cli.StringFlag{Name: "data", Category: catInput, Usage: "`FILE`: evaluation samples: npz with an array x (or one for each input, by its name) and labels y, npy, MNIST idx, or a folder of images"},
		&cli.StringFlag{Name: "labels", Category: catInput, Usage: "`FILE`: labels of --data, if they are not in it: npy, npz, idx, or csv for a folder"},
		&cli.IntFlag{Name: "limit", Category: catInput, Usage: "`N`: use only N samples of --data, stratified by class (default: all)"},
		&cli.Uint64Flag{Name: "seed", Category: catInput, Value: 1, Usage: "`N`: random seed, for example for the samples of --limit; 0 to 4294967295"},
	}, sampleFlags())
}

// sampleFlags say how samples are turned into the network's input.
func sampleFlags() []cli.Flag {
	return []cli.Flag{
		inputFlag(),
		&cli.StringSliceFlag{Name: "state", Category: catInput, Usage: "`OUT:IN`: state of a recurrent step: an output that is fed back as an input at the next step, such as hn:h. Samples then have the shape [samples, steps, ...]. The state starts at zero, or at the values of an array with the input's name; repeatable"},
		&cli.StringSliceFlag{Name: "pad", Category: catInput, Usage: "`NAME=VALUE`: padding value of an input whose samples differ in shape, such as ids=0; repeatable. Without it, each sample runs in its own shape"},
		&cli.StringFlag{Name: "spool", Category: catInput, Usage: "`DIR`: read the samples from disk at every evaluation instead of keeping them in memory. Compressed files are unpacked into this folder (default: in memory if they fit; unpacked into TMPDIR)"},
		&cli.StringFlag{Name: "scale", Category: catInput, Usage: "`S`: multiply all samples by S, or by S,S,S per channel"},
		&cli.StringFlag{Name: "mean", Category: catInput, Usage: "`M`: then subtract M, or M,M,M"},
		&cli.StringFlag{Name: "std", Category: catInput, Usage: "`D`: then divide by D, or D,D,D"},
	}
}

// calibFlags say how grids are made.
func calibFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "calib", Category: catInput, Usage: "`FILE`: calibration samples, in the formats of --data; no labels needed"},
		&cli.StringFlag{Name: "bits", Category: catGrids, Usage: "`LOW,HIGH`: the two bit-widths of activations, of 4, 8 and 16, or bf16 as the high one (default: 8,16). Where this help says int8 and int16, the low and the high one are meant"},
		&cli.StringSliceFlag{Name: "weight-bits", Category: catGrids, Usage: "`WIDTH`: bit-width of the weights of all layers, 4, 8 or 16, or with NAME=WIDTH of those named or matched: a layer, its weight, a glob over them, or op:TYPE, such as 'op:MatMul=16'; repeatable, the last one for a weight counts (default: 8)"},
		&cli.StringFlag{Name: "grid", Category: catGrids, Value: "asymmetric", Usage: "`KIND`: quantization scheme: asymmetric (any zero point), symmetric (zero in the middle) or pow2 (zero in the middle, or at the lower end if no value is negative; the scale is a power of two)"},
		&cli.StringFlag{Name: "grid-low", Category: catGrids, Usage: "`KIND`: overrides --grid for int8"},
		&cli.StringFlag{Name: "grid-high", Category: catGrids, Usage: "`KIND`: overrides --grid for int16"},
		&cli.StringFlag{Name: "range", Category: catGrids, Value: "auto", Usage: "`METHOD`: calibration method, which chooses the range of each holder from the calibration samples: " + either(rangeMethods) + "; auto takes those with which all int8 scores best, and minmax for int16"},
		&cli.StringFlag{Name: "range-low", Category: catGrids, Usage: "`METHOD`: overrides --range for int8"},
		&cli.StringFlag{Name: "range-high", Category: catGrids, Usage: "`METHOD`: overrides --range for int16"},
		formulaFlag(), nanFlag(),
	}
}

func formulaFlag() cli.Flag {
	return &cli.StringFlag{Name: "formula", Category: catGrids, Value: "qdq", Usage: "`NAME`: how a value is quantized and dequantized: qdq (as ONNX's QuantizeLinear and DequantizeLinear), mctq (as Sony's Model Compression Toolkit) or torch (as PyTorch's fake quantization)"}
}

// deviceFlags say where it runs.
func deviceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "device", Category: catDevice, Value: "auto", Usage: "`NAME`: device that computes the scores: auto, cpu, or a GPU such as cuda:0 (`demote devices` lists them); search deals the samples to several: cuda:0,cuda:1 or cuda:all"},
		&cli.IntFlag{Name: "workers", Category: catDevice, Usage: "`N`: batches that run at once, with --workers-at or --cluster on each worker (default: one per core)"},
		&cli.IntFlag{Name: "threads", Category: catDevice, Usage: "`N`: ONNX Runtime threads per worker, at most one per core (default: 1)"},
		&cli.IntFlag{Name: "block", Aliases: []string{"batch-size"}, Category: catDevice, Usage: "`N`: batch size (default: up to 20, fewer if samples are few or activations are large; or the network's fixed batch size)"},
	}
}

// membersFlag deals the samples to several evaluators.
func membersFlag() cli.Flag {
	return &cli.IntFlag{Name: "members", Category: catDevice, Usage: "`N`: deal the samples to N evaluators on the CPU, each with a network, samples and cached activations of its own, and an equal share of --workers and --cache: for tests, and for machines with several memories (NUMA). Results are the same"}
}

// cacheFlag bounds what searches keep.
func cacheFlag() cli.Flag {
	return &cli.StringFlag{Name: "cache", Category: catDevice, Usage: "`BYTES`: memory for cached activations, and for the weights of the sessions that start from them, such as 2GiB; 0 turns the cache off (default: a quarter of the free memory)"}
}

// biasFlag says what biases are.
func biasFlag() cli.Flag {
	return &cli.StringFlag{Name: "bias", Category: catGrids, Value: "float", Usage: "`KIND`: type of biases: float, or int32 with scale = input scale * weight scale"}
}

// repairFlag says what is done to a network before it is searched.
func repairFlag() cli.Flag {
	return &cli.StringFlag{Name: "repair", Category: catGrids, Value: "none", Usage: "`LIST`: repairs of the network before the search: none; some of " + strings.Join(run.RepairNames(), ", ") + " with commas between; or auto, which takes those with which all int8 scores better"}
}

// fixFlag has files written with the shapes that are searched.
func fixFlag(category string) cli.Flag {
	return &cli.BoolFlag{Name: "fix-shapes", Category: category, Usage: "write files with the fixed axes and batch size of the search instead of symbolic ones"}
}

func nanFlag() cli.Flag {
	return &cli.BoolFlag{Name: "allow-nan", Category: catInput, Usage: "continue with a network that computes NaN"}
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Category: catPrint, Usage: "JSON instead of text"}
}

// needed are the flags that say nothing without a value, and that nothing else asks for.
var needed = []string{
	"anchors", "bias", "bits", "budget", "chain", "class-weights", "confidence", "cost", "decode", "device", "encodings-high", "encodings-low", "formula", "grid", "grid-high",
	"grid-low", "high", "holdout", "int16-share", "labels", "ladder-split", "low", "mean", "metric", "metric-name", "profile", "range", "range-high", "range-low",
	"repair", "reuse", "scale", "scan", "session", "spool", "start", "std", "strategy", "weights",
}

// tuned changes what a command line says, in tests; nil: nothing does.
var tuned func(c *run.Config)

// config reads the flags that several commands share; absent ones read as zero.
//
// A flag of needed that was typed without a value is refused: as if it were not there is not what was meant, such as by
// --profile "$PROFILE" of a script.
func config(c *cli.Context) (run.Config, error) {
	r := run.Config{
		Model: c.String("model"), Low: c.String("low"), High: c.String("high"), Calib: c.String("calib"), EncodingsLow: c.String("encodings-low"), EncodingsHigh: c.String("encodings-high"), Data: c.String("data"), Spool: c.String("spool"), Labels: c.String("labels"),
		OutputHolder: c.Bool("output-holder"), Unroll: c.Bool("unroll"), Fixed: c.StringSlice("input"), Pad: c.StringSlice("pad"), State: c.StringSlice("state"), Limit: c.Int("limit"),
		Bits: c.String("bits"), WeightBits: c.StringSlice("weight-bits"), GridLow: first(c, "grid-low", "grid"), GridHigh: first(c, "grid-high", "grid"),
		RangeLow: first(c, "range-low", "range"), RangeHigh: first(c, "range-high", "range"),
		Formula: c.String("formula"), Bias: c.String("bias"), Repair: c.String("repair"),
		Device: c.String("device"), Members: c.Int("members"), Workers: c.Int("workers"), Threads: c.Int("threads"), Block: c.Int("block"),
		AllowNaN: c.Bool("allow-nan"), FixShapes: c.Bool("fix-shapes"), Version: c.App.Version,
	}
	for _, name := range needed {
		if c.IsSet(name) && c.String(name) == "" {
			return r, usage("--%s needs a value; see `%s --help`", name, c.Command.HelpName)
		}
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
	for _, name := range []string{"limit", "members", "workers", "threads", "block"} {
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
		return r, unexpectedArgument(c)
	}
	r.Say = warned(c.App.ErrWriter)
	if tuned != nil {
		tuned(&r)
	}
	return r, nil
}

// unexpectedArgument is the mistake of a word that belongs to no flag: mostly a network's name without its flag.
func unexpectedArgument(c *cli.Context) error {
	word := c.Args().First()
	if strings.HasSuffix(word, ".onnx") && slices.ContainsFunc(c.Command.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), "model") }) {
		return usage("unexpected argument %q; write --model %s", word, word)
	}
	return usage("unexpected argument %q; flags begin with --", word)
}

// warned tells the warnings of a command that shows no progress, each once.
func warned(w io.Writer) func(text string) {
	told := map[string]bool{}
	return func(text string) {
		if strings.HasPrefix(text, "warning: ") && !told[text] {
			told[text] = true
			fmt.Fprintln(w, "demote: "+tty.Message(text))
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

// limitFlags restrict the result: bit-widths that are fixed, activations that share one, and the cost to save.
func limitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "int16-share", Category: catTarget, Usage: "`SHARE`: instead of --target: the most accurate result with at most this share of the activations at int16, such as 20%"},
		&cli.StringFlag{Name: "budget", Category: catTarget, Usage: "`TIMES`: instead of --target: the most accurate result that costs, by --cost, at most this many times what all int8 costs, such as 1.2x"},
		&cli.StringSliceFlag{Name: "pin", Category: catTarget, Usage: "`WHAT=WIDTH`: fix the bit-width of activations: NAME, GLOB or op:TYPE, such as op:Softmax=int16; repeatable"},
		&cli.StringSliceFlag{Name: "group", Category: catTarget, Usage: "`NAME,GLOB,...`: activations that must have the same bit-width; repeatable"},
		&cli.StringFlag{Name: "profile", Category: catTarget, Usage: "`FILE`: hardware profile: the bit-widths that a target device supports, as YAML, see docs/constraints.md"},
		&cli.StringFlag{Name: "cost", Category: catTarget, Value: "count", Usage: "`COST`: cost that int8 saves: count (of activations), bops (bit operations), bytes, or FILE.csv with lines of name,cost or of name,low,high (costs in int8 and in int16), or with a head line of widths such as name,4,8,16"},
		&cli.StringFlag{Name: "prove", Category: catSearch, Usage: "`LIMIT`: after the search, prove that no result with fewer int16 activations meets the target, or find one, or a lower bound: all (until proven), a time such as 10m, or a number such as 2 (refute all mixes with at most 2 activations at int16)"},
		&cli.BoolFlag{Name: "curve", Category: catSearch, Usage: "continue below the target, down to all int8, and record every score"},
	}
}

// constraintFlags reads the limitFlags and the budgets.
func constraintFlags(c *cli.Context, cfg *run.Config) error {
	cfg.Budget, cfg.Int16Share, cfg.Profile, cfg.Cost = c.String("budget"), c.String("int16-share"), c.String("profile"), c.String("cost")
	cfg.Pins, cfg.Groups, cfg.Curve = c.StringSlice("pin"), c.StringSlice("group"), c.Bool("curve")
	cfg.Trials, cfg.Time = c.Int("evaluations"), c.Duration("time")
	switch {
	case c.IsSet("evaluations") && cfg.Trials == 0:
		return usage("--evaluations 0: a budget of no evaluation finds nothing; give at least 1, or leave it out for none")
	case c.IsSet("time") && cfg.Time == 0:
		return usage("--time 0s: a budget of no time finds nothing; give a time such as 10m, or leave it out for none")
	}
	return nil
}
