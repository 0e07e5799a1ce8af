package run

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
)

// maskSize is below what a mask or a padding puts in, and above what a network computes.
const maskSize = 5000

// TestMasksOfAnyForm holds that all int16 is near the float network, whatever the mask comes from, in every session,
// and that no holder's grid reaches to the mask.
func TestMasksOfAnyForm(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, b := range tasktest.MaskForms() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := b.Config(t)
			near(t, cfg, 15, 30, "exact")
			found, err := Inspect(context.Background(), config.Config{Model: cfg.Model, Calib: cfg.Calib})
			if err != nil {
				t.Fatal(err)
			}
			none := []string{"am", "ms", "bm", "fm", "inv", "ex", "su", "sh"}
			if strings.Contains(name, "factor on scores") {
				none = slices.DeleteFunc(none, func(t string) bool { return t == "fm" }) // a factor of the scores, too
			}
			for _, h := range found.Holders {
				if h.High.Min < -maskSize || h.High.Max > maskSize || slices.Contains(none, h.Tensor) {
					t.Errorf("holder %s reaches from %g to %g", h.Tensor, h.High.Min, h.High.Max)
				}
			}
		})
	}
}

// TestMaskedSearch searches such networks: what is written is what was searched, and the checks accept infinities.
func TestMaskedSearch(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, name := range []string{"input, -inf", "factor, subtracted", "ALiBi and causal table, lowest"} {
		t.Run(name, func(t *testing.T) {
			cfg := tasktest.MaskForms()[name].Config(t)
			r := mustSearch(t, cfg)
			if !r.Verified.Identical || !r.Met {
				t.Errorf("%+v", r.Verified)
			}
			if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
				t.Errorf("verify: %+v, %v", v, err)
			}
		})
	}
}

// TestLargeValuesAreNoMask holds that values that are large by nature keep their holders and their ranges: scores of
// any size in front of Softmax, activations that reach beyond the limit in front of a maximum, a mask's values that
// are used otherwise.
func TestLargeValuesAreNoMask(t *testing.T) {
	wide := func(i int) float32 { return float32((i*37)%2001-1000) * 9 } // from -9000 to 9000
	for name, c := range map[string]struct {
		b      *tasktest.Graph
		holder string
		least  float64
	}{
		"scores":  {tasktest.NewGraph(48).In("x", wide, 8).Out("y", 8).Weight("w", 0.5, 8, 8).Do("a = MatMul x w; s = Softmax a axis=-1; y = MatMul s w"), "a", -5000},
		"maximum": {tasktest.NewGraph(48).In("x", wide, 6, 8).Out("y", 8).Weight("w", 0.5, 8, 8).Do("a = MatMul x w; m = ReduceMax a axes=[1] keepdims=0; y = MatMul m w"), "a", -5000},
		"maximum, all of them low": {tasktest.NewGraph(48).In("x", func(i int) float32 { return -6000 - float32(i%97) }, 6, 8).Out("y", 8).Weight("w", 0.5, 8, 8).
			Do("n = Neg x; a = Neg n; m = ReduceMax a axes=[1] keepdims=0; y = MatMul m w"), "a", -6000},
		"a mask that is used otherwise": {tasktest.NewGraph(48).In("x", nil, 8).In("am", func(i int) float32 { return []float32{0, -1e4}[i%2] }, 8).Out("y", 8).Weight("w", 0.5, 8, 8).
			Do("a = MatMul x w; s = Add a am; p = Softmax s axis=-1; z = Mul am w1; y = Add p z").Constant("w1", []float32{1e-4}), "am", -1e4},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := c.b.Config(t)
			near(t, cfg, -100, 30, "exact")
			found, err := Inspect(context.Background(), config.Config{Model: cfg.Model, Calib: cfg.Calib})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(found.Holders, func(h InspectedHolder) bool { return h.Tensor == c.holder })
			if i < 0 || found.Holders[i].High.Min > c.least {
				t.Errorf("holders %+v", found.Holders)
			}
		})
	}
}

// TestLowestValuesBeforeAMaximum holds that neither paddings nor masks spend the grid: the grid of their tensor ends
// at the ordinary values, and a padding in front of a maximum only moves values.
func TestLowestValuesBeforeAMaximum(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, b := range tasktest.Maxima() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := b.Config(t)
			near(t, cfg, 15, 30, "exact")
			near(t, cfg, 5, 30, "default") // whose integer kernels saturate on some processors
			found, err := Inspect(context.Background(), config.Config{Model: cfg.Model, Calib: cfg.Calib})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range found.Holders {
				if h.Tensor == "pd" || h.High.Min < -60 || h.High.Max > 60 {
					t.Errorf("holder %s from %g to %g", h.Tensor, h.High.Min, h.High.Max)
				}
			}
		})
	}
}

// TestTooWideSaysWhatToDo holds the line for values of the size of float32's own ends that no mask explains.
func TestTooWideSaysWhatToDo(t *testing.T) {
	b := tasktest.NewGraph(16).In("x", func(i int) float32 { return []float32{1, math.MaxFloat32, -math.MaxFloat32}[i%3] }, 8).Out("y", 8).Weight("w", 0.5, 8, 8).Do("r = Clip x lo; y = MatMul r w").Constant("lo", []float32{tasktest.Lowest})
	_, _, err := Quantize(context.Background(), b.Config(t))
	if ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "holder x") || !strings.Contains(err.Error(), "-10000 in place of") {
		t.Errorf("%v", err)
	}
}
