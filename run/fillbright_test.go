package run

import (
	"context"
	"slices"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
)

// bright draws images of 64 numbers from 0 to 100, of which the eighth and the tenth are all bright, as raw data of
// sensors can be.
func bright(i int) float32 {
	switch i / 64 {
	case 7:
		return 60000
	case 9:
		return 30000
	}
	return float32(i*i%1009) / 10
}

// brightNetworks are networks in which far values that a layer computes end in sinks, and the holder and the range
// that is due.
func brightNetworks() map[string]struct {
	b        *tasktest.Graph
	holder   string
	min, max float64 // 0: that end does not matter
} {
	image := func(k float32, nodes string) *tasktest.Graph {
		kernel := make([]float32, 2*9)
		for i := range kernel {
			kernel[i] = k / 9 * (1 + float32(i/9))
		}
		return tasktest.NewGraph(48).In("x", bright, 1, 8, 8).Out("y", 4).Constant("k", kernel, 2, 1, 3, 3).Weight("wo", 0.5, 2, 4).Numbers("by", 0, 0, 1, 1, 0, 0, 1, 1).
			Constant("low", []float32{-1e9}).Constant("floor", []float32{-1e4}).Constant("scale", []float32{1e4}).
			Constant("small", []float32{1e-3}).
			Do("a = Conv x k;" + nodes + "; g = GlobalAveragePool p; f = Flatten g; y = MatMul f wo")
	}
	return map[string]struct {
		b        *tasktest.Graph
		holder   string
		min, max float64
	}{
		"MaxPool":          {image(-1, "p = MaxPool a kernel_shape=2,2 strides=2,2"), "a", -110000, 0},
		"MaxPool and Relu": {image(1, "m = MaxPool a kernel_shape=2,2 strides=2,2; p = Relu m"), "a", 0, 110000},
		"Sigmoid":          {image(-1, "n = Neg a; p = Sigmoid n"), "n", 0, 110000},
		"Softmax, high":    {image(1, "n = Neg a; m = Neg n; p = Softmax m axis=1"), "m", 0, 110000},
		"a bound":          {image(-1, "m = Max a floor; p = MaxPool m kernel_shape=2,2 strides=2,2"), "m", -9999, 0},
		"a scale":          {image(-1, "n = Mul a small; m = Mul n scale; p = MaxPool m kernel_shape=2,2 strides=2,2"), "m", -900000, 0},
		"a minimum":        {image(1, "n = Neg a; m = Neg n; l = ReduceMin m axes=[2] keepdims=1; p = Relu l"), "m", 0, 110000},
		"a bias": {tasktest.NewGraph(48).In("x", nil, 1, 8, 8).Out("y", 4).Weight("k", 0.5, 2, 1, 3, 3).Weight("wo", 0.5, 2, 4).Constant("bias", []float32{-20000, 0}, 2, 1, 1).
			Do("a = Conv x k; m = Add a bias; p = MaxPool m kernel_shape=2,2 strides=2,2; g = GlobalAveragePool p; f = Flatten g; y = MatMul f wo"), "m", -20000, 0},
		"a padding beside them": {image(-1, "q = Pad a by low; p = MaxPool q kernel_shape=3,3 strides=2,2"), "a", -110000, 0},
	}
}

// TestBrightSamplesAreNoMask holds that ranges reach to what layers compute, however far from the rest it lies,
// wherever it ends: only what a padding or a mask puts in is left out.
func TestBrightSamplesAreNoMask(t *testing.T) {
	for name, c := range brightNetworks() {
		t.Run(name, func(t *testing.T) {
			cfg := c.b.Config(t)
			found, err := Inspect(context.Background(), config.Config{Model: cfg.Model, Calib: cfg.Calib})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(found.Holders, func(h InspectedHolder) bool { return h.Tensor == c.holder })
			if i < 0 {
				t.Fatalf("%s is no holder; %+v", c.holder, found.Omitted)
			}
			if g := found.Holders[i].High; c.min < 0 && g.Min > c.min || c.max > 0 && g.Max < c.max || g.Min < -1e8 {
				t.Errorf("holder %s from %g to %g", c.holder, g.Min, g.Max)
			}
			near(t, cfg, -100, 30, "exact")
		})
	}
}

// TestBrightSamplesBesideAMask holds that of a tensor with both the range reaches to what is computed, and not to the
// mask.
func TestBrightSamplesBesideAMask(t *testing.T) {
	b := tasktest.NewGraph(48).In("x", bright, 8, 8).Ints("im", func(i int) int64 { return int64(i % 8 % 3 % 2) }, 8).Out("y", 5).
		Weight("wo", 0.5, 8, 5).Constant("big", []float32{tasktest.Lowest}).Constant("eye", identity(8, -1), 8, 8).Numbers("ax2", 2).
		Do("m3 = Unsqueeze im ax2; mb = Cast m3 to=9; a = MatMul x eye; am = Where mb a big; p = ReduceMax am axes=[1] keepdims=0; y = MatMul p wo")
	cfg := b.Config(t)
	found, err := Inspect(context.Background(), config.Config{Model: cfg.Model, Calib: cfg.Calib})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(found.Holders, func(h InspectedHolder) bool { return h.Tensor == "am" })
	if i < 0 || found.Holders[i].High.Min > -59000 || found.Holders[i].High.Min < -61000 {
		t.Errorf("holders %+v", found.Holders)
	}
	near(t, cfg, -100, 30, "exact")
}

func identity(n int, v float32) []float32 {
	list := make([]float32, n*n)
	for i := range n {
		list[i*n+i] = v
	}
	return list
}

// TestSoftMasksByData holds that a mask of two values is one whatever computes it, if the data show no others.
func TestSoftMasksByData(t *testing.T) {
	b := tasktest.Attention("m4 = Unsqueeze fm ax; h = Sub m4 half; st = Mul h steep; sg = Sigmoid st; inv = Sub one sg; bm = Mul inv big; ms = Add sc bm; p = Softmax ms axis=-1").
		In("fm", tasktest.Either(1, 0), tasktest.MaskTokens).Constant("half", []float32{0.5}).Constant("steep", []float32{400}).Constant("big", []float32{-1e9})
	near(t, b.Config(t), 15, 30, "exact")
}
