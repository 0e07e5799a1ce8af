package cli

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/internal/tasktest"
)

// inputUses are searches of other files.
func inputUses() []use {
	fixture := func(kind string) string { return "../onnx/testdata/" + kind }
	squares := func(t *testing.T, in inputs, names ...string) {
		arrays := map[string][]byte{}
		for i, name := range names {
			rng, x := rand.New(rand.NewPCG(5, uint64(i))), []float64{}
			size := map[string]int{"x": 3 * 256}[name]
			for range 30 * size {
				x = append(x, rng.NormFloat64())
			}
			arrays[name] = npy("<f4", x, 30, 3, 16, 16)
		}
		in.write(t, "eval.npz", npz(arrays))
		in.write(t, "calib.npz", npz(arrays))
	}
	pair := func(low, high string, more ...string) maker {
		return func(t *testing.T, in inputs) []string {
			squares(t, in, "x")
			in.flags["--model"], in.flags["--calib"], in.flags["--range"], in.flags["--target"] = "-", "-", "-", "24"
			return append([]string{"--low", fixture(low) + ".onnx", "--high", fixture(high) + ".onnx", "--metric", "sqnr"}, more...)
		}
	}
	list := []use{
		{name: "QDQ pair", make: pair("qdq/conv21_u8", "qdq/conv21_u16")}, {name: "attention pair", make: pair("qdq/attention21_s8", "qdq/attention21_s16")},
		{name: "quark pair", make: pair("qdq/quark_u8", "qdq/quark_u16")}, {name: "olive pair", make: pair("qdq/olive_u8", "qdq/olive_u16", "--weights", "follow")},
		{name: "toolkit pair", make: pair("mctq/pot_low", "mctq/pot_high")}, {name: "toolkit attention", make: pair("mctq/attention_low", "mctq/attention_high")},
		{name: "toolkit tables", make: pair("mctq/lutpot_low", "mctq/lutpot_high", "--weights", "follow")}, {name: "toolkit constants", make: pair("mctq/constants_low", "mctq/constants_high")},
		{name: "encodings", make: func(t *testing.T, in inputs) []string {
			squares(t, in, "x")
			in.flags["--model"], in.flags["--calib"], in.flags["--range"], in.flags["--target"] = fixture("encodings/conv.onnx"), "-", "-", "50%"
			return []string{"--encodings-low", fixture("encodings/conv_8_100.json"), "--encodings-high", fixture("encodings/conv_16_100.json"), "--metric", "sqnr"}
		}},
		{name: "encodings of attention", make: func(t *testing.T, in inputs) []string {
			squares(t, in, "x")
			in.flags["--model"], in.flags["--calib"], in.flags["--range"], in.flags["--target"] = fixture("encodings/attention.onnx"), "-", "-", "28"
			return []string{"--encodings-low", fixture("encodings/attention_8_061.json"), "--encodings-high", fixture("encodings/attention_16_061.json"), "--metric", "sqnr"}
		}},
		{name: "a network with grids", make: func(t *testing.T, in inputs) []string {
			squares(t, in, "x")
			in.flags["--model"], in.flags["--target"] = fixture("qdq/float_attention_21.onnx"), "50%"
			return []string{"--metric", "sqnr"}
		}},
		{name: "masks", make: func(t *testing.T, in inputs) []string {
			in.flags["--target"] = "50%"
			return like(in, tasktest.MaskForms()[slices.Sorted(maps.Keys(tasktest.MaskForms()))[0]].Config(t), "--metric", "sqnr")
		}},
		{name: "two inputs", make: func(t *testing.T, in inputs) []string {
			in.flags["--target"] = "50%"
			b := tasktest.NewGraph(40).In("x", nil, 6).In("z", nil, 6).Weight("w", 0.5, 6, 4).Weight("v", 0.5, 6, 4).
				Do("a = MatMul x w; b = MatMul z v; s = Add a b; y = Tanh s; q = Sigmoid a").Out("y", 4).Out("q", 4)
			return like(in, b.Config(t), "--metric", "sqnr", "--output", "y")
		}},
		{name: "two outputs, a command", make: func(t *testing.T, in inputs) []string {
			in.flags["--target"] = "16bit+1"
			b := tasktest.NewGraph(40).In("x", nil, 6).Ints("k", func(i int) int64 { return int64(i % 3) }).Weight("w", 0.5, 6, 4).Weight("v", 0.5, 3, 4).
				Do("a = MatMul x w; b = Gather v k; s = Add a b; y = Tanh s; q = Sigmoid a").Out("y", 4).Out("q", 4)
			return like(in, b.Config(t), "--metric-cmd", "wc -c", "--metric-lower", "--output", "all")
		}},
		{name: "an input with one value", make: func(t *testing.T, in inputs) []string {
			in.flags["--target"] = "50%"
			b := tasktest.NewGraph(40).In("x", nil, 6).Weight("w", 0.5, 6, 4).Do("a = MatMul x w; m = Mul a z; y = Tanh m").Out("y", 4)
			b.G.Input = append(b.G.Input, value("z", 1, 4))
			return like(in, b.Config(t), "--metric", "sqnr", "--input", "z=1,2,3,0.5")
		}},
		{name: "shapes of their own", make: func(t *testing.T, in inputs) []string {
			in.flags["--target"] = "50%"
			return like(in, tasktest.OwnConfig(t, "map", 20), "--metric", "sqnr")
		}},
		{name: "states", make: func(t *testing.T, in inputs) []string {
			c, _ := tasktest.StepNet(t, tasktest.LstmStep(), 20, 5, "hn:h", "cn:c")
			in.flags["--target"] = "16bit+0.001"
			return like(in, c, "--metric", "mse", "--state", "hn:h", "--state", "cn:c")
		}},
		{name: "unrolled", make: func(t *testing.T, in inputs) []string {
			in.write(t, "net.onnx", behindRNN().bytes())
			in.flags["--target"] = "50%"
			return []string{"--unroll", "--metric", "sqnr"}
		}},
		{name: "bytes", make: func(t *testing.T, in inputs) []string {
			x, _ := images(60)
			for i := range x {
				x[i] = float64(int(128+40*x[i]) & 255)
			}
			in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("|u1", x, 60, 1, 4, 4)}))
			in.write(t, "calib.npz", npz(map[string][]byte{"x": npy("|u1", x[:16*16], 16, 1, 4, 4)}))
			in.flags["--target"] = "50%"
			return []string{"--metric", "sqnr", "--scale", "0.02", "--mean", "2", "--std", "1.5", "--fix-shapes"}
		}},
		{name: "spooled", make: func(t *testing.T, in inputs) []string {
			dir := filepath.Join(in.dir, "spool")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			in.flags["--target"] = "50%"
			return []string{"--metric", "sqnr", "--spool", dir}
		}},
		{name: "folded weights, a NaN", make: func(t *testing.T, in inputs) []string {
			in.write(t, "net.onnx", rooted(func(g graph) {}).bytes())
			in.flags["--target"] = "50%"
			return []string{"--metric", "sqnr", "--allow-nan"}
		}, code: 2},
		{name: "fashion", make: func(t *testing.T, in inputs) []string {
			in.flags["--target"] = "16bit-0.03"
			return []string{"--model", "../testdata/fashion-dscnn-uneven/model.onnx", "--calib", "../examples/fashion/calib.npz", "--data", "../examples/fashion/eval.npz",
				"--limit", "150", "--strategy", "gallop", "--grid", "pow2", "--range", "minmax", "--block", "11"}
		}},
		{name: "fashion-vit", make: func(t *testing.T, in inputs) []string {
			in.flags["--target"] = "16bit-0.05"
			return []string{"--model", "../testdata/fashion-vit/model.onnx", "--calib", "../examples/fashion/calib.npz", "--data", "../examples/fashion/eval.npz",
				"--limit", "60", "--strategy", "gallop", "--bits", "4,16", "--range", "minmax", "--block", "0"}
		}},
	}
	return list
}
