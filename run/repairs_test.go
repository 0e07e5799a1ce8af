package run

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
	"example.org/demote/search"
)

// unevenConfig is a search of a network whose channels lie far apart in size, in front of a ReLU and inside a residual
// sum.
func unevenConfig(t *testing.T) config.Config { return unevenOf(t, 40) }

func unevenOf(t *testing.T, samples int) config.Config {
	t.Helper()
	b := tasktest.NewGraph(samples).In("x", nil, 3, 8, 8).Out("y", 5).Weight("v", 0.4, 8, 3, 3, 3).Weight("b", 0.2, 8).Weight("d", 0.5, 8, 1, 3, 3).Weight("db", 0.1, 8).
		Weight("m", 0.4, 8, 8, 1, 1).Weight("mb", 0.1, 8).Weight("l", 0.5, 8, 5).Weight("lb", 0.1, 5).
		Do("c = Conv x v b pads=1,1,1,1; a = Relu c; e = Conv a d db group=8 pads=1,1,1,1; f = Relu e; i = Conv f m mb; s = Add a i; p = GlobalAveragePool s; k = Flatten p; y = Gemm k l lb")
	size := func(name string, channel func(i int) int, power int) {
		for _, w := range b.G.Initializer {
			if w.GetName() == name {
				for i := range w.FloatData {
					for range channel(i) % 4 * 2 {
						w.FloatData[i] *= []float32{0.5, 1, 2}[power+1]
					}
				}
			}
		}
	}
	one := func(i int) int { return i }
	size("v", func(i int) int { return i / 27 }, 1)
	size("b", one, 1)
	size("d", func(i int) int { return i / 9 }, -1)
	size("m", func(i int) int { return i / 8 }, 1)
	size("mb", one, 1)
	size("l", func(i int) int { return i / 5 }, -1)
	c := b.Config(t)
	c.Target = "16bit-0.5"
	return c
}

// sameMix compares two results.
func sameMix(t *testing.T, what string, a, b *config.Result) {
	t.Helper()
	lowA, highA := grids(a)
	lowB, highB := grids(b)
	if !slices.Equal(a.Promotion, b.Promotion) || *a.Score.Mixed.Value != *b.Score.Mixed.Value || a.Evaluations != b.Evaluations || !slices.Equal(lowA, lowB) || !slices.Equal(highA, highB) {
		t.Errorf("%s: %v of %v after %d evaluations, and %v of %v after %d", what, a.Promotion, *a.Score.Mixed.Value, a.Evaluations, b.Promotion, *b.Score.Mixed.Value, b.Evaluations)
	}
}

// TestRepair holds that a repaired network loses less at all int8, that the target is the one of the network as given,
// that the naive scan decides the same, and that the written file computes what was searched, when the run is verified
// and exported too.
func TestRepair(t *testing.T) {
	c := unevenConfig(t)
	plain := mustSearch(t, c)
	if plain.Repairs != nil || plain.Given != nil {
		t.Errorf("nothing was to be repaired: %+v, %+v", plain.Repairs, plain.Given)
	}
	c.Repair, c.Out, c.Export = "bias,equalize,weights,migrate", filepath.Join(t.TempDir(), "run"), []string{"encodings"}
	r := mustSearch(t, c)
	want := []result.Repair{{Name: "equalize", Changed: 2, Taken: true}, {Name: "migrate"}, {Name: "weights", Changed: 4, Taken: true}, {Name: "bias", Changed: 3, Taken: true}}
	for i, one := range r.Repairs {
		if (one.Score != nil) != one.Taken {
			t.Errorf("%+v", one)
		}
		if one.Score = nil; one != want[i] {
			t.Errorf("%+v, want %+v", one, want[i])
		}
	}
	if len(r.Repairs) != len(want) || *r.Given.High.Value != *plain.Score.High.Value || *r.Given.Low.Value != *plain.Score.Low.Value || r.Target.Value != plain.Target.Value {
		t.Errorf("%+v of %+v at %v; as given %+v at %v", r.Repairs, r.Given, r.Target.Value, plain.Score, plain.Target.Value)
	}
	if !r.Verified.Identical || *r.Score.Low.Value < *plain.Score.Low.Value+3 || len(r.Promotion) >= len(plain.Promotion) || *r.Score.Float != *plain.Score.Float && r.Score.Float.Value != nil {
		t.Errorf("%+v: all int8 %v, %v int16; as given %v, %v", r.Verified, *r.Score.Low.Value, r.Promotion, *plain.Score.Low.Value, plain.Promotion)
	}
	if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verified: %+v, %v", v, err)
	}
	c.Target, c.Out = "50", filepath.Join(t.TempDir(), "tight") // above all int8, and above all int16 as given
	r = mustSearch(t, c)
	if len(r.Promotion) == 0 || len(r.Chain) == 0 || !r.Verified.Identical {
		t.Errorf("%v, %+v", r.Promotion, r.Verified)
	}
	naive := c
	naive.Scan, naive.Out = "naive", filepath.Join(t.TempDir(), "naive")
	sameMix(t, "the naive scan", r, mustSearch(t, naive))
	if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verified: %+v, %v", v, err)
	}
	if e, err := Export(context.Background(), c.Out, "qdq-ms", filepath.Join(t.TempDir(), "ms.onnx"), config.Config{}); err != nil || !e.Verified.Identical {
		t.Errorf("exported: %+v, %v", e, err)
	}
	biased := c
	biased.Bias, biased.Out = "int32", filepath.Join(t.TempDir(), "biased")
	if b := mustSearch(t, biased); !b.Verified.Identical || len(result.Taken(b.Repairs)) != 3 {
		t.Errorf("with biases of int32: %+v, %+v", b.Verified, b.Repairs)
	}
	files := r.Exports[0].Files
	again := filepath.Join(t.TempDir(), "e.json")
	if _, err := Export(context.Background(), c.Out, "encodings", again, config.Config{}); err != nil {
		t.Fatal(err)
	}
	given, err := os.ReadFile(c.Model)
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(strings.TrimSuffix(again, ".json") + ".onnx")
	if err != nil || !slices.Equal(first, second) || slices.Equal(first, given) {
		t.Errorf("the float network beside the encodings is the repaired one: %v, %d and %d bytes", err, len(first), len(second))
	}
}

// TestRepairOfManySamples holds that repairs which were compared on a share of the samples leave the target where all
// samples have it, with a unit that stays at int16 too.
func TestRepairOfManySamples(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := unevenOf(t, 600)
	c.Target, c.Pins, c.Strategy = "50%", []string{"x=int16"}, "bisect"
	plain := mustSearch(t, c)
	c.Repair, c.RangeLow, c.Out = "equalize,weights", "auto", filepath.Join(t.TempDir(), "run")
	r := mustSearch(t, c)
	ranges := c
	ranges.Repair, ranges.Out = "", filepath.Join(t.TempDir(), "ranges")
	of := mustSearch(t, ranges)
	if *r.Given.High.Value != *plain.Score.High.Value || *r.Given.Low.Value != *of.Score.Low.Value || r.Target.Value != of.Target.Value {
		t.Errorf("as given %v to %v, target %v; without repairs %v to %v, target %v", *r.Given.Low.Value, *r.Given.High.Value, r.Target.Value,
			*of.Score.Low.Value, *plain.Score.High.Value, of.Target.Value)
	}
}

// TestRepairAuto holds that auto takes the repairs with which all int8 scores better, each told with its score, and
// that the choice is the one that the same list makes by itself.
func TestRepairAuto(t *testing.T) {
	c := unevenConfig(t)
	c.Repair, c.RangeLow = "auto", "auto"
	r := mustSearch(t, c)
	best, list := *r.Given.Low.Value, []string{}
	for _, one := range r.Repairs {
		if one.Taken != (one.Score != nil) || one.Taken && *one.Score.Value <= best {
			t.Errorf("%+v after %v", one, best)
		}
		if one.Taken {
			best, list = *one.Score.Value, append(list, one.Name)
		}
	}
	if len(r.Repairs) != 4 || !slices.Contains(list, "equalize") || slices.Contains(list, "migrate") ||
		*r.Score.Low.Value < best || !r.Verified.Identical { // the ranges are chosen again
		t.Fatalf("%+v, all int8 %v, %+v", r.Repairs, *r.Score.Low.Value, r.Verified)
	}
	held := c
	rng := rand.New(rand.NewPCG(5, 6))
	others := tasktest.NewGraph(32).In("x", func(int) float32 { return float32(rng.NormFloat64()) }, 3, 8, 8).Out("y", 3, 8, 8).Do("y = Relu x")
	held.Holdout, held.Out, held.Calib = "50%", filepath.Join(t.TempDir(), "held"), others.Config(t).Data
	stages := map[string]int{}
	held.Entered = func(name string) { stages[name]++ }
	named := c
	named.Repair, named.Out = strings.Join(list, ","), filepath.Join(t.TempDir(), "named")
	sameMix(t, strings.Join(list, ","), r, mustSearch(t, named))
	if h := mustSearch(t, held); stages[stage.Repairs] != 1 || *h.Holdout.Score.Low.Value < *h.Given.High.Value || len(h.Repairs) != 4 {
		t.Errorf("on the hold-out repairs were chosen %d times, all int8 scores %v there and %v here", stages[stage.Repairs], *h.Holdout.Score.Low.Value, *h.Score.Low.Value)
	}
}

// TestRepairUndone holds that a search with repairs that do not help is the one without, on the hold-out as well: there
// is no stream and no bias, and all weights lie on their grids already.
func TestRepairUndone(t *testing.T) {
	even := func(n int) []float32 {
		values := make([]float32, n)
		for i := range values {
			values[i] = 127. / 256 * float32(1-2*(i*i/3%2))
		}
		return values
	}
	c := tasktest.NewGraph(40).In("x", nil, 3, 8, 8).Out("y", 5).Constant("v", even(8*27), 8, 3, 3, 3).Constant("l", even(40), 8, 5).
		Do("c = Conv x v; s = Sigmoid c; a = Mul c s; p = GlobalAveragePool a; k = Flatten p; y = Gemm k l").Config(t)
	plain := mustSearch(t, c)
	var said []string
	c.Say = func(line string) { said = append(said, line) }
	c.Repair, c.Out = "auto", filepath.Join(t.TempDir(), "run")
	r := mustSearch(t, c)
	want := []result.Repair{{Name: "equalize"}, {Name: "migrate"}, {Name: "weights", Changed: 2}, {Name: "bias"}}
	if !slices.Equal(r.Repairs, want) || r.Given != nil || len(plain.Promotion) == 0 {
		t.Errorf("%+v, as given %+v, %v stay", r.Repairs, r.Given, plain.Promotion)
	}
	sameMix(t, "without", plain, r)
	for _, part := range []string{"repair equalize: there is no pair of layers", "repair migrate: no normalization", "repair bias: no layer has a bias", "repairs: none; all int8 scores best without"} {
		if !strings.Contains(strings.Join(said, "\n"), part) {
			t.Errorf("nobody said %q", part)
		}
	}
}

// TestRepairsThatMissTheTarget holds that repairs with which all int16 misses a target that it meets without are left
// out, unless they are named.
func TestRepairsThatMissTheTarget(t *testing.T) {
	c := unevenConfig(t)
	plain := mustSearch(t, c)
	for repairs, left := range map[string]bool{"auto": true, "equalize": false} {
		var said []string
		c.Repair, c.Out = repairs, filepath.Join(t.TempDir(), repairs)
		c.Say = func(line string) { said = append(said, line) }
		s := startSearch(c)
		s.Unmet = func(given search.Endpoints, high search.Score) (string, error) {
			if given.High.Value != *plain.Score.High.Value || high.Value <= given.High.Value {
				t.Errorf("all int16 scores %v as given and %v repaired", given.High, high)
			}
			return "16bit-0", nil
		}
		r, err := s.once(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if text := "misses the target 16bit-0, and without"; strings.Contains(strings.Join(said, "\n"), text) != left || len(result.Taken(r.Repairs)) == 0 != left || r.Given == nil != left {
			t.Errorf("%s: %q, %+v as given %+v", repairs, said, r.Repairs, r.Given)
		}
		if left {
			sameMix(t, "without", plain, r)
		}
	}
	scale, ends := search.Scale{Name: "top1", Fraction: true}, search.Endpoints{High: search.Score{Count: 90, Total: 100}, Low: search.Score{Count: 50, Total: 100}}
	for _, k := range []struct {
		target string
		high   int
		unmet  bool
	}{{"16bit-0.02", 89, false}, {"16bit-0.02", 88, true}, {"0.95", 80, false}, {"0.85", 85, true}, {"0.85", 86, false}, {"50%", 70, true}} {
		w, err := wantedOf(config.Config{Target: k.target, Strategy: "auto"})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := unmet(k.target, w, scale, ends, search.Score{Count: k.high, Total: 100}); err != nil || (got == k.target) != k.unmet {
			t.Errorf("%s with %d of 100: %q, %v", k.target, k.high, got, err)
		}
	}
}

// TestRepairWithoutTime holds that no repair is tried behind half of the time, and that the result says so.
func TestRepairWithoutTime(t *testing.T) {
	c := unevenConfig(t)
	c.Repair, c.Time = "auto", time.Nanosecond
	r, err := Search(context.Background(), c)
	if r == nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(r.Warnings, func(w result.Warning) bool { return w.ID == "repairs-cut" }); i < 0 || len(r.Repairs) > 0 ||
		r.Warnings[i].Text != "half of the time is over: 0 of 4 repairs were tried" {
		t.Errorf("%+v, %+v", r.Repairs, r.Warnings)
	}
}

// TestRepairIsChosenOnce holds that what was chosen is used again when the run goes on.
func TestRepairIsChosenOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for method, target := range map[string]string{"auto": "50", "minmax": "50"} {
		c := unevenConfig(t)
		c.Repair, c.RangeLow, c.Target = "auto", method, target
		stages := map[string]int{}
		c.Entered = func(name string) { stages[name]++ }
		whole := c
		whole.Out = filepath.Join(t.TempDir(), "whole")
		want := mustSearch(t, whole)
		stages[stage.Repairs] = 0
		ctx, cancel := context.WithCancel(context.Background())
		broken := c
		broken.Progress = func(search.Event) { cancel() }
		if first, err := Search(ctx, broken); err == nil || len(first.Repairs) == 0 {
			t.Fatalf("%v, %+v", err, first.Repairs)
		}
		again := mustSearch(t, c)
		if stages[stage.Repairs] != 1 || !slices.Equal(again.Promotion, want.Promotion) || *again.Score.Mixed.Value != *want.Score.Mixed.Value || len(again.Repairs) != 4 || again.Target.Value != want.Target.Value {
			t.Errorf("%s: chosen %d times, %v and %v", method, stages[stage.Repairs], again.Promotion, want.Promotion)
		}
		other := c
		other.Repair = "weights"
		if _, err := Search(context.Background(), other); err == nil {
			t.Errorf("%s: a run with other repairs goes on", method)
		}
	}
}

// TestRepairOfAPair holds that auto says that a pair is quantized already, and goes on as without.
func TestRepairOfAPair(t *testing.T) {
	c := unevenConfig(t)
	files := c
	files.Out = t.TempDir()
	low, high, err := Quantize(context.Background(), files)
	if err != nil {
		t.Fatal(err)
	}
	c.Model, c.Calib, c.Low, c.High, c.Target = "", "", low, high, "25"
	plain := mustSearch(t, c)
	said := ""
	c.Say = func(line string) { said += line + "\n" }
	c.Repair, c.Out = "auto", filepath.Join(t.TempDir(), "auto")
	r := mustSearch(t, c)
	sameMix(t, "a pair", plain, r)
	if r.Repairs != nil || r.Given != nil || !strings.Contains(said, "no repairs: the network is quantized already") {
		t.Errorf("%+v: %s", r.Repairs, said)
	}
}

// TestRepairTargets holds that a list of targets makes one choice, and finds for each what a search of it finds.
func TestRepairTargets(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := unevenConfig(t)
	c.Repair, c.Target = "auto", "50,16bit-0.5"
	stages := map[string]int{}
	c.Entered = func(name string) { stages[name]++ }
	list, err := SearchTargets(context.Background(), c)
	if err != nil || len(list) != 2 || stages[stage.Repairs] != 1 {
		t.Fatalf("%d results, chosen %d times: %v", len(list), stages[stage.Repairs], err)
	}
	for _, r := range list {
		one := c
		one.Target, one.Out = r.Target.Text, filepath.Join(t.TempDir(), "one")
		own := mustSearch(t, one)
		if !slices.Equal(own.Promotion, r.Promotion) || *own.Score.Mixed.Value != *r.Score.Mixed.Value || own.Target != r.Target || !slices.Equal(result.Taken(own.Repairs), result.Taken(r.Repairs)) || *own.Given.High.Value != *r.Given.High.Value {
			t.Errorf("%s: %v of the list, %v alone", r.Target.Text, r.Promotion, own.Promotion)
		}
	}
}

// TestRepairRefused names what cannot be repaired.
func TestRepairRefused(t *testing.T) {
	c := unevenConfig(t)
	for _, one := range []struct {
		repair string
		change func(c *config.Config)
		want   string
	}{
		{"wieghts", func(*config.Config) {}, `there is no repair "wieghts": choose none, auto, or some of equalize, migrate, weights, bias`},
		{"weights,", func(*config.Config) {}, `there is no repair ""`},
		{"none,weights", func(*config.Config) {}, `there is no repair "none"`},
		{"weights", func(c *config.Config) { c.Low, c.High, c.Model, c.Calib = "a.onnx", "b.onnx", "", "" }, "a pair is quantized already"},
		{"weights", func(c *config.Config) { c.EncodingsLow, c.EncodingsHigh, c.Calib = "a.json", "b.json", "" }, "encodings are the grids of the network as it is"},
	} {
		own := c
		own.Repair = one.repair
		one.change(&own)
		if _, err := Search(context.Background(), own); err == nil || ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), one.want) {
			t.Errorf("%s: %v", one.repair, err)
		}
	}
}
