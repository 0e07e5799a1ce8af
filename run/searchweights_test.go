package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
	"example.org/demote/search"
)

// ofWeights is the small network, whose weights are searched too.
func ofWeights(t testing.TB) config.Config {
	c := tasktest.TinyConfig(t, 64)
	c.SearchWeights, c.Strategy, c.Target = true, "gallop", "16bit-0.1"
	return c
}

// TestSearchWeights: activations and weights are holders of one search. The file has each weight in the width that the
// result says and computes what was searched, bit for bit, in every format; full scores decide alike; the run can be
// verified and exported again; the savings of everything low are those of narrower weights and activations.
func TestSearchWeights(t *testing.T) {
	c := ofWeights(t)
	c.Export = []string{"mctq", "encodings", "qdq-ms", "promotion"}
	r, err := Search(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if v := r.Verified; !v.Identical || slices.ContainsFunc(r.Exports, func(e result.Export) bool { return e.Verified != nil && !e.Verified.Identical }) {
		t.Errorf("the written files: %+v, %+v", v, r.Exports)
	}
	low, all := r.WeightsLow()
	if all != 5 || low == 0 || low == all {
		t.Fatalf("%d of %d weights are low: this test shows nothing", low, all)
	}
	var widths, stay []string
	for _, l := range r.Layers {
		widths = append(widths, fmt.Sprint(l.Weight, " ", l.Bits))
	}
	for _, h := range r.Holders {
		if !h.Weights {
			continue
		}
		if h.IsLow() == slices.Contains(r.Promotion, h.Name) || !slices.Contains(widths, h.Name+" "+strings.TrimPrefix(h.Precision, "int")) {
			t.Errorf("%s is %s; promoted are %v, layers %v", h.Name, h.Precision, r.Promotion, widths)
		}
		if !h.IsLow() {
			stay = append(stay, h.Name)
		}
	}
	slices.Sort(widths)
	if got := weightWidths(t, filepath.Join(c.Out, "mixed.onnx")); !slices.Equal(got, widths) {
		t.Errorf("the file has %v, the result %v", got, widths)
	}
	list := string(tasktest.ReadFile(t, filepath.Join(c.Out, "promotion.txt")))
	if _, below, ok := strings.Cut(list, "# weights int8\n"); !ok || len(strings.Fields(below)) != len(stay) {
		t.Errorf("promotion.txt: %q; the weights %v stay", list, stay)
	}
	exported := string(tasktest.ReadFile(t, filepath.Join(c.Out, "promotion.json")))
	if low, activations := r.ActivationsLow(); activations == low || strings.Count(exported, ",")+1 != activations-low || strings.Contains(exported, strconv.Quote(stay[0])) {
		t.Errorf("the exported list is %s; %d activations and the weights %v stay", exported, activations-low, stay)
	}
	plain := c
	plain.SearchWeights, plain.Export, plain.Out = false, nil, filepath.Join(t.TempDir(), "plain")
	without, err := Search(context.Background(), plain)
	if err != nil {
		t.Fatal(err)
	}
	elements := 0.
	for _, l := range r.Layers {
		elements += float64(l.Elements)
	}
	bops, bytes := r.Savings[0], r.Savings[1]
	if left := *bops.Total - bops.All; left != *bops.Total*8*4/(16*8) || *bops.Total != *without.Savings[0].Total {
		t.Errorf("of %v bit operations all low leaves %v; without weights there are %v", *bops.Total, left, *without.Savings[0].Total)
	}
	if more := bytes.All - without.Savings[1].All; more != elements/2 || *bytes.Total-*without.Savings[1].Total != elements {
		t.Errorf("%v weights of 4 bits save %v bytes, and all take %v", elements, more, *bytes.Total-*without.Savings[1].Total)
	}
	if r.Score.High.Correct == nil || *r.Score.High.Correct != *without.Score.High.Correct {
		t.Errorf("all int16: %+v, without weights %+v", r.Score.High, without.Score.High)
	}
	activations, few := r.ActivationsLow()
	want := fmt.Sprintf("%d of %d activation quantizers (holders) run in int8 and %d stay at int16, and the weights of %d of 5 layers are in int4", activations, few, few-activations, low)
	if page := tasktest.ReadFile(t, filepath.Join(c.Out, "report.html")); !strings.Contains(string(page), want) {
		t.Errorf("the report does not say %q", want)
	}
	naive := c
	naive.Scan, naive.Export, naive.Out = "naive", nil, filepath.Join(t.TempDir(), "naive")
	if again, err := Search(context.Background(), naive); err != nil || promotedBy(again) != promotedBy(r) {
		t.Errorf("by full scores %s, else %s (%v)", promotedBy(again), promotedBy(r), err)
	}
	if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
	started := c
	started.Start, started.Out, started.Export = filepath.Join(c.Out, "promotion.txt"), filepath.Join(t.TempDir(), "started"), nil
	if again, err := Search(context.Background(), started); err != nil || again.Score.Mixed == nil || len(again.Promotion) > len(r.Promotion) {
		t.Errorf("from the promotion list: %v", err)
	}
	c.SearchWeights, c.Export = false, nil
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "search weights") && !strings.Contains(err.Error(), "finished") {
		t.Errorf("the same folder without weights: %v", err)
	}
}

// biased is a network of layers with biases, read by channels far apart in size.
func biased(t testing.TB) config.Config {
	b := tasktest.NewGraph(48).In("x", nil, 8).Out("y", 5).Weight("w1", 0.4, 8, 8).Weight("w2", 0.4, 8, 8).Weight("w3", 0.4, 8, 8).Weight("w4", 0.5, 8, 5).
		Weight("b1", 0.5, 8).Weight("b2", 0.5, 8).Weight("b3", 0.5, 8).
		Do("a1 = Gemm x w1 b1; r1 = Relu a1; a2 = Gemm r1 w2 b2; r2 = Relu a2; a3 = Gemm r2 w3 b3; r3 = Relu a3; y = MatMul r3 w4")
	for _, w := range b.G.Initializer {
		for i := range w.FloatData {
			w.FloatData[i] *= float32(int(1) << (i % 4))
		}
	}
	c := b.Config(t)
	c.SearchWeights, c.Metric, c.Strategy = true, "agreement", "gallop"
	return c
}

// TestSearchWeightsIsWeightBits: a mix of a search of weights is, byte for byte, the file that --weight-bits gives with
// the same widths, repaired for them: scales that are fitted, channels that are equalized, biases that are corrected.
func TestSearchWeightsIsWeightBits(t *testing.T) {
	tiny := ofWeights(t)
	// the last by its layer, whose weights are w3
	tiny.Pins = []string{"a*=int8", "w1=int4", "w4=high", "w5=int4", "c3/Conv=low"}
	layers := biased(t)
	layers.Pins = []string{"w1=int4", "w2=int8", "w3=int4"}
	for repair, c := range map[string]config.Config{"weights": tiny, "equalize,weights,bias": layers} {
		c.Repair, c.Target = repair, "0.1"
		one, err := Search(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		if repair != "weights" && len(one.Repairs) != 3 || slices.ContainsFunc(one.Repairs, func(r result.Repair) bool { return !r.Taken }) {
			t.Errorf("repairs %+v: this test shows nothing", one.Repairs)
		}
		pinned := c.Pins
		c.SearchWeights, c.Pins, c.Out = false, nil, filepath.Join(t.TempDir(), "fixed")
		for _, h := range one.Holders {
			if h.Weights {
				c.WeightBits = append(c.WeightBits, h.Name+"="+strings.TrimPrefix(h.Precision, "int"))
			} else {
				c.Pins = append(c.Pins, h.Name+"="+h.Precision)
			}
		}
		want := []string{"w1=4", "w4=8", "w5=4", "w3=4"}
		if len(pinned) == 3 {
			want = []string{"w1=4", "w2=8", "w3=4"}
		}
		for _, one := range want {
			if !slices.Contains(c.WeightBits, one) {
				t.Errorf("pinned weights are %v", c.WeightBits)
			}
		}
		two, err := Search(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		a, err := os.ReadFile(filepath.Join(one.Config.Out, "mixed.onnx"))
		b, err2 := os.ReadFile(filepath.Join(two.Config.Out, "mixed.onnx"))
		if err != nil || err2 != nil || !slices.Equal(a, b) {
			t.Errorf("repair %s: the two files differ (%v, %v)", repair, err, err2)
		}
		if *one.Score.Mixed.Correct != *two.Score.Mixed.Correct {
			t.Errorf("repair %s: %d correct, and %d", repair, *one.Score.Mixed.Correct, *two.Score.Mixed.Correct)
		}
	}
}

// TestSearchWeightsBeside: other formulas and widths, costs, budgets, groups, a curve, a hold-out and a default session
// go on as they are, and what is written is what was searched.
func TestSearchWeightsBeside(t *testing.T) {
	for name, change := range map[string]func(*config.Config){
		"formula torch":    func(c *config.Config) { c.Formula = "torch" },
		"formula mctq":     func(c *config.Config) { c.Formula, c.Export = "mctq", []string{"mctq"} },
		"4 and 8 bits":     func(c *config.Config) { c.Bits, c.Target = "4,8", "0.1" },
		"weights of 16":    func(c *config.Config) { c.WeightBits = []string{"w2=16"} },
		"default session":  func(c *config.Config) { c.Session, c.Target = "default", "0.3" },
		"a curve":          func(c *config.Config) { c.Curve = true },
		"a hold-out":       func(c *config.Config) { c.Holdout = "30%" },
		"a budget":         func(c *config.Config) { c.Target, c.Strategy, c.Budget, c.Cost = "", "auto", "1.5x", "bytes" },
		"a budget of bops": func(c *config.Config) { c.Target, c.Strategy, c.Budget, c.Cost = "", "auto", "1.5x", "bops" },
		"a group":          func(c *config.Config) { c.Groups, c.Cost = []string{"w2,a2", "w3,w4"}, "bops" },
		"range and repair by score": func(c *config.Config) {
			c.RangeLow, c.Repair, c.Target = "auto", "auto", "0.3"
		},
	} {
		c := ofWeights(t)
		change(&c)
		r, err := Search(context.Background(), c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, all := r.WeightsLow(); all != 5 || !r.Verified.Identical && c.Formula == "qdq" {
			t.Errorf("%s: %d weights, %+v", name, all, r.Verified)
		}
		high := map[string]bool{}
		for _, one := range r.Promotion {
			high[one] = true
		}
		if c.Groups != nil && (high["w2"] != high["a2"] || high["w3"] != high["w4"]) {
			t.Errorf("%s: %v stay", name, r.Promotion)
		}
		if c.Repair == "" {
			continue // TestSearchWeights prepares a run again without
		}
		if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || v.Identical != r.Verified.Identical {
			t.Errorf("%s: verify: %+v, %v", name, v, err)
		}
	}
	c := ofWeights(t)
	c.DryRun, c.Out = true, ""
	var said []string
	c.Say = func(text string) { said = append(said, text) }
	if _, err := Search(context.Background(), c); err != nil || !strings.Contains(strings.Join(said, "\n"), "w1 (weights of c1/Conv)") {
		t.Errorf("a dry run says %q, %v", said, err)
	}
}

// TestSearchWeightsRangesBehindRepairs: behind repairs too, range methods are compared beside weights that stay high,
// also what was chosen before; so those that are better are the ones of a search without weights.
func TestSearchWeightsRangesBehindRepairs(t *testing.T) {
	c := ofWeights(t)
	c.RangeLow, c.Repair, c.Target = "auto", "weights", "0.3"
	r := mustSearch(t, c)
	c.SearchWeights, c.Out = false, filepath.Join(t.TempDir(), "plain")
	if a, b := rangedBehind(r), rangedBehind(mustSearch(t, c)); !slices.Equal(a, b) || len(a) < 2 {
		t.Errorf("ranges %q, without weights %q", a, b)
	}
}

// rangedBehind are the methods that were tried behind repairs, with the scores of those that were better.
func rangedBehind(r *config.Result) (list []string) {
	for _, one := range r.Ranges {
		if !one.Repaired || one.Method == result.EachItsOwn {
			continue
		}
		text := one.Method
		if one.Score != nil {
			text += fmt.Sprint(" ", *one.Score.Correct)
		}
		list = append(list, text)
	}
	return list
}

// randomNetwork is one of matrices, some of which two layers read.
func randomNetwork(seed uint64) *tasktest.Graph {
	rng := rand.New(rand.NewPCG(seed, 3))
	b := tasktest.NewGraph(48).In("x", nil, 8)
	at := []string{"x"}
	var weights []string
	for i := range 4 + rng.IntN(3) {
		from, to := at[len(at)-1], fmt.Sprint("t", i)
		switch op := rng.IntN(4); {
		case op == 0 && len(at) > 2:
			b.Do(fmt.Sprintf("%s = Add %s %s", to, from, at[rng.IntN(len(at)-1)]))
		case op == 1 && len(weights) > 0:
			b.Do(fmt.Sprintf("%s = MatMul %s %s", to, from, weights[rng.IntN(len(weights))]))
		case op == 2 && len(weights) > 0: // the same weights, by other channels
			b.Do(fmt.Sprintf("%s = Gemm %s %s transB=1", to, from, weights[rng.IntN(len(weights))]))
		default:
			w := fmt.Sprint("w", len(weights))
			weights = append(weights, w)
			b.Weight(w, 0.5, 8, 8).Do(fmt.Sprintf("m%d = MatMul %s %s; %s = Relu m%d", i, from, w, to, i))
		}
		at = append(at, to)
	}
	return b.Weight("last", 0.5, 8, 5).Do("y = MatMul "+at[len(at)-1]+" last").Out("y", 5)
}

// TestSearchWeightsAtRandom: on random networks, with weights that several layers read in one way or in two, every
// strategy decides as by full scores, and the file computes what was searched.
func TestSearchWeightsAtRandom(t *testing.T) {
	for seed, strategy := range []string{"demotion", "gallop", "auto", "demotion"} {
		c := randomNetwork(uint64(seed)).Config(t)
		c.SearchWeights, c.Strategy, c.Metric = true, strategy, "agreement"
		r, err := Search(context.Background(), c)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if _, all := r.WeightsLow(); all < 2 || !r.Verified.Identical {
			t.Errorf("seed %d: %d weights, %+v", seed, all, r.Verified)
		}
		c.Scan, c.Out = "naive", filepath.Join(t.TempDir(), "naive")
		again, err := Search(context.Background(), c)
		if err != nil || promotedBy(again) != promotedBy(r) || len(again.Chain) != len(r.Chain) {
			t.Errorf("seed %d, %s: by full scores %s, else %s (%v)", seed, strategy, promotedBy(again), promotedBy(r), err)
		}
	}
}

// TestSearchWeightsRefused: what it cannot be joined with is said, with what to do.
func TestSearchWeightsRefused(t *testing.T) {
	for want, change := range map[string]func(*config.Config){
		"the files of a pair bring their own weights; leave it out": func(c *config.Config) { c.Model, c.Calib, c.Low, c.High = "", "", "l.onnx", "h.onnx" },
		"encodings bring the grids of weights; leave it out":        func(c *config.Config) { c.EncodingsLow, c.EncodingsHigh, c.Calib = "l", "h", "" },
		"a ladder has the same weights in both steps":               func(c *config.Config) { c.Ladder = "4,8,16" },
		"give --bias float": func(c *config.Config) { c.Bias = "int32" },
		"--int16-share is a share of activations; give --target":             func(c *config.Config) { c.Int16Share, c.Target = "20%", "" },
		"--prove counts activations alone":                                   func(c *config.Config) { c.Prove = "1" },
		"no layer of this network has weights of more than 4 bits":           func(c *config.Config) { c.WeightBits = []string{"4"} },
		"the weights \"w1\" are held at int4 or int8, not at int16":          func(c *config.Config) { c.Pins = []string{"w1=int16"} },
		"\"a1\" is an activation, and int4 a width of weights alone":         func(c *config.Config) { c.Pins = []string{"a1=int4"} },
		"overrides say nothing of weights":                                   func(c *config.Config) { c.Export = []string{"overrides"} },
		"the weights \"w2\" are held at int4 or int16, not at int8":          func(c *config.Config) { c.WeightBits, c.Pins = []string{"w2=16"}, []string{"w2=int8"} },
		"no activation, layer or weight is named or matched by \"nothing*\"": func(c *config.Config) { c.Pins = []string{"nothing*=int4"} },
		"\"int2\" is no width: an activation is held at int8 or int16":       func(c *config.Config) { c.Pins = []string{"w1=int2"} },
	} {
		c := ofWeights(t)
		change(&c)
		if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), want) || ExitCode(err) != ExitMistake {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestSearchWeightsGoOn: a search of weights with ranges, repairs and last tries is interrupted at every stage and
// among its trials, again and again in one folder: it ends with the same files and scores.
func TestSearchWeightsGoOn(t *testing.T) {
	c := triedLast(t)
	c.SearchWeights, c.Repair, c.Groups, c.Cost = true, "weights,bias", []string{"w1,a1", "w2,a2", "w3,a3"}, "bops"
	r := mustSearch(t, c)
	if low, all := r.WeightsLow(); low == 0 || low == all || len(r.LastTries) == 0 || len(result.Taken(r.Repairs)) == 0 {
		t.Fatalf("%d of %d weights, tries %+v, repairs %+v: this test shows nothing", low, all, r.LastTries, r.Repairs)
	}
	want, wantScores := finished(t, c)
	c.Out = filepath.Join(t.TempDir(), "again")
	interrupt := func(stage string, events int) {
		t.Helper()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		one := c
		one.Entered = func(name string) {
			if name == stage {
				cancel()
			}
		}
		one.Progress = func(search.Event) {
			if events--; events == 0 {
				cancel()
			}
		}
		if _, err := Search(ctx, one); !errors.Is(err, context.Canceled) {
			t.Fatalf("at %q, event %d: %v", stage, events, err)
		}
	}
	for _, at := range []string{stage.Float, stage.Ranges, stage.Repairs, stage.Load, stage.High, stage.Low} {
		interrupt(at, 0)
	}
	for _, events := range []int{1, 10, 20} {
		interrupt("", events)
	}
	interrupt(stage.Last, 0)
	mustSearch(t, c)
	if got, scores := finished(t, c); got != want || !slices.Equal(scores, wantScores) {
		t.Errorf("interrupted: %s\nwithout: %s\n%d scores, without %d", got, want, len(scores), len(wantScores))
	}
}
