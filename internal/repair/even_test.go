package repair_test

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/repair"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/variants"
)

func TestMain(m *testing.M) { tasktest.Main(m) }

// uneven has a residual stream, a depthwise layer, a normalization in single operators, and weights that two layers
// share; every channel of a layer has a size of its own.
const uneven = `input x
const v [4 3 3 3]
const b [4] = 1 -2 3 0.5
const d [4 1 3 3]
const m [4 4 1 1]
const l [4 6]
const g [6] = 1 64 0.01 2 -3 5
const h [6] = 1 2 3 4 5 6
const o [6 2]
c = Conv(x, v, b) pads=[1,1,1,1]
a = Relu(c)
e = Conv(a, d) group=4 pads=[1,1,1,1]
f = LeakyRelu(e) alpha=0.1
i = Conv(f, m)
j = Conv(f, m)
s = Add(a, i)
r = Add(s, j)
p = GlobalAveragePool(r)
k = Flatten(p)
z = Gemm(k, l)
u = LayerNormalization(z, g, h)
y = MatMul(u, o)
return y`

// look runs a model on random images and returns its tensors.
func look(t *testing.T, m *ir.Model) map[string]direct.Seen {
	t.Helper()
	model, err := variants.WithOutputs(m, m.Computed()...).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	raw := make([]byte, 0, 4*4*3*8*8)
	for range cap(raw) / 4 {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(rng.NormFloat64())))
	}
	in := backend.Tensor{Name: "x", Type: backend.DType(ir.Float), Dims: []int64{4, 3, 8, 8}, First: func(dst []byte, _ int) error {
		copy(dst, raw)
		return nil
	}}
	runs, err := direct.Look(context.Background(), backend.Model{Bytes: model}, []backend.Tensor{in})
	if err != nil {
		t.Fatal(err)
	}
	return runs[0]
}

// seenIn are the channels of a model's tensors.
func seenIn(t *testing.T, m *ir.Model, runs map[string]direct.Seen) map[string][]repair.Channel {
	t.Helper()
	axes, err := repair.Tensors(m)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string][]repair.Channel{}
	for name, axis := range axes {
		one := runs[name]
		if axis < 0 {
			axis += len(one.Dims)
		}
		inner := 1
		for _, d := range one.Dims[axis+1:] {
			inner *= int(d)
		}
		list := make([]repair.Channel, one.Dims[axis])
		for i, v := range one.Values {
			c := &list[i/inner%len(list)]
			c.Most = max(c.Most, math.Abs(float64(v)))
			c.Mean += float64(v) / float64(len(one.Values)/len(list))
		}
		seen[name] = list
	}
	return seen
}

// unevenness is the largest channel over the smallest.
func unevenness(list []repair.Channel) float64 {
	low, high := math.Inf(1), 0.0
	for _, c := range list {
		low, high = min(low, c.Most), max(high, c.Most)
	}
	return high / low
}

// TestEven holds that channels become even, of layers and of normalizations apart, that seen is what the network then
// computes, and that no bit of an output or of another tensor changes: the factors are powers of two.
func TestEven(t *testing.T) {
	for _, norm := range []bool{false, true} {
		m := onnxtest.FromText(t, uneven)
		before := look(t, m)
		seen := seenIn(t, m, before)
		was := map[string]float64{}
		for name, list := range seen {
			was[name] = unevenness(list)
		}
		scaled, err := repair.Even(m, norm, seen)
		if err != nil {
			t.Fatal(err)
		}
		after := look(t, m)
		want := map[bool][]string{false: {"a", "c", "e", "f", "i", "j", "p", "k", "r", "s"}, true: {"u"}}[norm]
		streams := map[bool]int{false: 2, true: 1}[norm]
		if scaled != streams {
			t.Errorf("norm %v: %d streams were scaled, want %d", norm, scaled, streams)
		}
		for name, v := range before {
			if same := slices.Equal(v.Values, after[name].Values); same == slices.Contains(want, name) {
				t.Errorf("norm %v: %s changed: %v", norm, name, !same)
			}
		}
		for name, list := range seenIn(t, m, after) {
			for c, v := range list {
				if s := seen[name][c]; math.Abs(s.Most-v.Most) > 1e-5*v.Most || math.Abs(s.Mean-v.Mean) > 1e-5*v.Most {
					t.Errorf("norm %v: %s, channel %d: said to be %v, is %v", norm, name, c, s, v)
				}
			}
		}
		for _, name := range map[bool][]string{false: {"e", "f"}, true: {"u"}}[norm] {
			if now := unevenness(seen[name]); !(now <= 2.01 && was[name] > 2.01) {
				t.Errorf("norm %v: %s was uneven by %.1f and is by %.1f", norm, name, was[name], now)
			}
		}
	}
}

// TestBiases holds that a bias makes up for the mean error of rounded weights where nothing is padded, and only partly
// else, and that a layer without a bias stays as it is.
func TestBiases(t *testing.T) {
	const text = "input x\nconst v [4 3 3 3]\nconst b [4]\nconst w [2 4 1 1]\nconst k [2]\nconst m [2 5]\nconst n [5]\nconst o [5 2]\n" +
		"c = Conv(x, v, b)\na = Relu(c)\nd = Conv(a, w, k)\np = GlobalAveragePool(d)\nf = Flatten(p)\ng = MatMul(f, m)\nh = Add(n, g)\ny = MatMul(h, o)\nreturn y"
	float, rounded := onnxtest.FromText(t, text), onnxtest.FromText(t, text)
	exact := look(t, float)
	for _, name := range []string{"w", "m", "o"} { // as roughly as it gets
		c := onnxtest.Initializer(t, rounded, name)
		values, err := ir.Floats(c)
		if err != nil {
			t.Fatal(err)
		}
		for i := range values {
			values[i] = float32(math.Round(float64(values[i])/4) * 4)
		}
		onnxtest.SetFloats(c, c.GetDims(), values...)
	}
	means := func(name string, runs map[string]direct.Seen, channels, inner int) []float64 {
		list := make([]float64, channels)
		for i, v := range runs[name].Values {
			list[i/inner%channels] += float64(v) / float64(len(runs[name].Values)/channels)
		}
		return list
	}
	far := func() (d, h float64) {
		runs := look(t, rounded)
		for i, v := range means("d", exact, 2, 36) {
			d = max(d, math.Abs(means("d", runs, 2, 36)[i]-v)/math.Abs(v))
		}
		for i, v := range means("h", exact, 5, 1) {
			h = max(h, math.Abs(means("h", runs, 5, 1)[i]-v)/math.Abs(v))
		}
		return d, h
	}
	d, h := far()
	changed, err := repair.Biases(float, rounded, seenIn(t, float, exact))
	if err != nil || changed != 2 { // v is an input's, whose means nobody has seen
		t.Fatalf("%d biases, %v", changed, err)
	}
	if dNow, hNow := far(); d < 1e-2 || h < 1e-2 || dNow > 1e-5 || hNow > 1e-5 {
		t.Errorf("the mean of d was wrong by %g and is by %g, that of h by %g and %g", d, dNow, h, hNow)
	}
	if values, err := ir.Floats(onnxtest.Initializer(t, float, "k")); err != nil || !slices.Equal(values, []float32{0.5, 1.5}) {
		t.Errorf("the float network was changed: %v, %v", values, err)
	}
}
