package aimet_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"example.org/demote/internal/aimet"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/rewrite"
	"example.org/demote/mistake"
)

// TestEncodings: both formats say the same, and the network computes what AIMET's own simulation computes, but for
// the order of summation: in 8 bits a value that falls on the other side of a rounding step moves a logit by a few
// steps.
func TestEncodings(t *testing.T) {
	for _, c := range []struct {
		network, bits    string
		holders, weights int
		steps            float64 // that a logit may be away from AIMET's
	}{
		{"conv", "8", 11, 5, 2}, {"conv", "16", 11, 5, 8},
		{"attention", "8", 22, 8, 2}, {"attention", "16", 22, 7, 16},
	} {
		name := c.network + "_" + c.bits
		n, grids := onnxruntest.Encoded(t, c.network, name+"_061")
		n2, grids2 := onnxruntest.Encoded(t, c.network, name+"_100")
		if len(n.Holders) != c.holders || len(n.Weights) != c.weights || len(n2.Holders) != c.holders {
			t.Errorf("%s: %d and %d holders, %d weights", name, len(n.Holders), len(n2.Holders), len(n.Weights))
			continue
		}
		for i := range grids {
			if n.Holders[i].Name != n2.Holders[i].Name || grids[i] != grids2[i] {
				t.Errorf("%s: holder %d is %q, %v in 0.6.1 and %q, %v in 1.0.0", name, i, n.Holders[i].Name, grids[i], n2.Holders[i].Name, grids2[i])
			}
		}
		sw, err := rewrite.Switchable(n, onnxruntest.Both(grids))
		if err != nil {
			t.Fatal(err)
		}
		record := onnxruntest.ReadNPZ(t, "../../onnx/testdata/encodings/"+name+".npz")
		x := record["x"]
		have := onnxruntest.Run(t, sw, onnxruntest.Exact, onnxruntest.MaskFeed(len(grids)), onnxruntest.Feed{Name: "input", Dims: x.Dims, Floats: x.Floats})["output"]
		step, most := float64(grids[len(grids)-1].Scale), 0.0
		for i, v := range record["logits"].Floats {
			most = max(most, math.Abs(float64(v-have[i]))/step)
		}
		if most > c.steps {
			t.Errorf("%s: a logit is %.1f steps away from AIMET's", name, most)
		}
		t.Logf("%s: logits at most %.2f steps from AIMET's", name, most)
	}
}

func TestEncodingsPair(t *testing.T) {
	low, lowGrids := onnxruntest.Encoded(t, "conv", "conv_8_100")
	high, highGrids := onnxruntest.Encoded(t, "conv", "conv_16_061")
	n, _, report, err := pair.Join(low, high, lowGrids, highGrids)
	if err != nil || len(n.Holders) != 11 || !report.Same() {
		t.Errorf("%v, report %v", err, report)
	}
}

func TestEncodingsErrors(t *testing.T) {
	const good = `{"version":"1.0.0","activation_encodings":[{"name":"input","enc_type":"PER_TENSOR","dtype":"INT","bw":8,"is_sym":false,"scale":[0.1],"offset":[-85]}],"param_encodings":[]}`
	if _, err := aimet.Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, from, to, want string }{
		{"no JSON", `{`, `[`, "not an encodings file"},
		{"truncated", `}],"param_encodings":[]}`, ``, "not an encodings file"},
		{"no activations", "activation_encodings", "activations", "no activation_encodings"},
		{"version", "1.0.0", "2.0.0", `version "2.0.0": 0.6.1 and 1.0.0 are supported`},
		{"format of the other version", "1.0.0", "0.6.1", "activation_encodings"},
		{"blocks", "PER_TENSOR", "PER_BLOCK", `"input": enc_type "PER_BLOCK" is not supported`},
		{"dtype", "INT", "BOOL", `"input": dtype "BOOL"`},
		{"bits as a text", `"bw":8`, `"bw":"8"`, "activation_encodings"},
		{"no bits", `"bw":8`, `"bw":0`, `"input": 0 bits`},
		{"negative scale", "0.1", "-0.1", `"input": scale -0.1 is not a positive number`},
		{"scale zero", "0.1", "0", `scale 0 is not a positive number`},
		{"scale of float64 alone", "0.1", "1e300", `scale 1e+300 is not a positive number`},
		{"NaN", "0.1", "NaN", "not an encodings file"},
		{"no scale", "[0.1]", "[]", `0 scales`},
		{"offset with a fraction", "-85", "-85.5", "offset -85.5 is no whole number"},
		{"offset above zero", "-85", "85", "offset 85 is not between -255 and 0"},
		{"offset out of range", "-85", "-256", "offset -256 is not between -255 and 0"},
		{"fewer offsets", "[-85]", "[]", "1 scales and 0 offsets"},
		{"zero between two codes", `"offset":[-85]`, `"offset":[-85],"zero_point_shift":[0.5]`, `"input": zero_point_shift`},
		{"tensor that is not there", `"input"`, `"inputs"`, `tensor "inputs", which the network does not have`},
		{"channels of an activation", `"PER_TENSOR","dtype":"INT","bw":8,"is_sym":false,"scale":[0.1],"offset":[-85]`, `"PER_CHANNEL","dtype":"INT","bw":8,"scale":[0.1,0.2],"offset":[0,0]`, `"input": 2 channels`},
		{"channels of a weight", `"param_encodings":[]`, `"param_encodings":[{"name":"stem.weight","enc_type":"PER_CHANNEL","dtype":"INT","bw":8,"scale":[0.1,0.2],"offset":[0,0]}]`, `"stem.weight": 2 channels do not fit the dimensions [8 3 3 3]`},
		{"32 bits", `"bw":8`, `"bw":32`, `"input": 32 bits: 16 are the most`},
		{"nothing to quantize", `"INT"`, `"FLOAT"`, "no activation of the network"},
		{"twice", `"param_encodings":[]`, `"param_encodings":[{"name":"input","dtype":"FLOAT"}]`, `"input" has two encodings`},
	} {
		text := strings.Replace(good, c.from, c.to, 1)
		if text == good {
			t.Fatalf("%s changes nothing", c.name)
		}
		e, err := aimet.Parse([]byte(text))
		if err == nil {
			_, _, err = e.Apply(onnxruntest.Read(t, "../../onnx/testdata/encodings/conv.onnx"))
		}
		if err == nil || !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, not %q", c.name, err, c.want)
		}
	}
	if _, err := aimet.Read("../../onnx/testdata/encodings/none.json"); !errors.Is(err, mistake.Err) {
		t.Errorf("a missing file: %v", err)
	}
}
