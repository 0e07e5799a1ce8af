package run

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
)

// heard is a classifier of 5 classes over 4 steps of 6 numbers with a recurrent operator in it, which makes h, the
// hidden state behind the last step, of t, w and r.
func heard(n int, cell string, gates, ways int64) *tasktest.Graph {
	const units = 8
	b := tasktest.NewGraph(n).In("x", nil, 4, 6).Out("y", 5).Weight("w", 0.5, ways, gates*units, 6).Weight("r", 0.4, ways, gates*units, units).Weight("b", 0.3, ways, 2*gates*units).
		Weight("v", 0.6, ways*units, 5).Numbers("flat", -1, ways*units)
	return b.Do("t = Transpose x perm=1,0,2; " + cell + "; s = Transpose h perm=1,0,2; f = Reshape s flat; y = MatMul f v")
}

const lstmCell = "all,h = LSTM t w r b hidden_size=8"

// TestUnrolledSearch searches networks with every recurrent operator opened: by whole scores as by bounds and cuts,
// with the float network as the file has it for a reference, and what is written is what was searched. One kind of
// tensor has one grid and one bit at all steps.
func TestUnrolledSearch(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, net := range map[string]*tasktest.Graph{
		"GRU both ways":      heard(24, "all,h = GRU t w r b hidden_size=8 direction=bidirectional", 3, 2),
		"GRU of PyTorch":     heard(24, "all,h = GRU t w r b hidden_size=8 linear_before_reset=1", 3, 1),
		"RNN from the end":   heard(24, "all,h = RNN t w r b hidden_size=8 direction=reverse", 1, 1),
		"LSTM, all outputs":  heard(24, "all,g,c = LSTM t w r b hidden_size=8; a = ReduceMean all axes=[0] keepdims=0; p = Add a g; h = Add p c", 4, 1),
		"LSTM with its bias": heard(24, lstmCell, 4, 1),
	} {
		t.Run(name, func(t *testing.T) {
			cfg := net.Config(t)
			cfg.Unroll = true
			if name == "LSTM with its bias" {
				cfg.Bias = "int32"
			}
			fast := mustSearch(t, cfg)
			cfg.Scan, cfg.Out = "naive", filepath.Join(t.TempDir(), "naive")
			naive := mustSearch(t, cfg)
			if !slices.Equal(fast.Promotion, naive.Promotion) || *fast.Score.Mixed.Value != *naive.Score.Mixed.Value {
				t.Errorf("fast keeps %v, naive %v", fast.Promotion, naive.Promotion)
			}
			if !fast.Verified.Identical || fast.FloatWork.Some() || len(fast.Unrolled) != 1 || fast.Unrolled[0].Steps != 4 || fast.Score.High == nil || *fast.Score.High.Value < 40 {
				t.Errorf("%+v, %+v, %+v, all int16 %v dB", fast.Verified, fast.FloatWork, fast.Unrolled, *fast.Score.High.Value)
			}
			kinds := map[string][]result.Holder{}
			for _, h := range fast.Holders {
				if at := strings.LastIndexByte(h.Name, '_'); at > 0 && strings.Trim(h.Name[at+1:], "0123456789") == "" {
					kinds[h.Name[:at]] = append(kinds[h.Name[:at]], h)
				}
			}
			for kind, list := range kinds {
				for _, h := range list {
					if h.Low != list[0].Low || h.High != list[0].High || h.Precision != list[0].Precision {
						t.Errorf("%s: %+v and %+v", kind, h, list[0])
					}
				}
			}
			if len(kinds) < 2 {
				t.Errorf("%d kinds of %d holders", len(kinds), len(fast.Holders))
			}
			if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
				t.Errorf("verify: %+v, %v", v, err)
			}
		})
	}
}

// TestUnrolledFolder holds that --unroll is part of a run: with or without it another run is refused, and what is
// made of the folder later is of the opened network.
func TestUnrolledFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := heard(30, lstmCell, 4, 1).Config(t)
	cfg.Unroll, cfg.Trials = true, 6
	r := mustSearch(t, cfg)
	for _, format := range []string{"qdq-ms", "overrides", "encodings", "promotion"} {
		if _, err := Export(context.Background(), cfg.Out, format, "", config.Config{}); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	if e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "sqnr"}, filepath.Join(cfg.Out, journal.MixedFile), cfg.Model, "exact"); err != nil || *e.Score.Value != *r.Score.Mixed.Value {
		t.Errorf("eval: %+v, %v; the search said %v", e, err, *r.Score.Mixed.Value)
	}
	var written struct {
		Config struct{ Unroll bool }
	}
	if data, err := os.ReadFile(filepath.Join(cfg.Out, result.File)); err != nil || json.Unmarshal(data, &written) != nil || !written.Config.Unroll {
		t.Errorf("result.json has %+v, %v", written, err)
	}
	cfg.Unroll = false
	if _, err := Search(context.Background(), cfg); err == nil || ExitCode(err) != 2 {
		t.Errorf("the run without --unroll goes into the same folder: %v", err)
	}
}

// TestUnrollTakesLengthsFromSamples opens a network whose sequences are as long as the samples, and holds that the
// axis is fixed, which is told; one whose length nothing says is refused.
func TestUnrollTakesLengthsFromSamples(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	free := func() *tasktest.Graph {
		b := heard(30, lstmCell, 4, 1)
		b.G.Input[0].Type.GetTensorType().Shape.Dim[1] = &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "time"}}
		return b
	}
	cfg := free().Config(t)
	cfg.Unroll, cfg.Trials = true, 4
	r := mustSearch(t, cfg)
	if at := slices.IndexFunc(r.Warnings, func(w result.Warning) bool { return w.ID == "axes-fixed" }); at < 0 || !strings.Contains(r.Warnings[at].Text, "input x to [?,4,6]") || !r.Verified.Identical {
		t.Errorf("%+v, %+v", r.Warnings, r.Verified)
	}
	if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
	if _, err := Inspect(context.Background(), config.Config{Model: cfg.Model, Unroll: true}); err == nil || ExitCode(err) != 2 || !strings.Contains(err.Error(), "samples of one length with --calib") {
		t.Errorf("without samples: %v", err)
	}
	got, err := Inspect(context.Background(), config.Config{Model: cfg.Model, Unroll: true, Calib: cfg.Calib})
	if err != nil || len(got.Unrolled) != 1 || got.FloatWork.Some() || len(got.Holders) != len(r.Holders) {
		t.Errorf("inspect: %+v, %v", got, err)
	}
}

// TestUnrollCalibratesOnAll holds that calibration reads all of the data, of which the first samples say the lengths.
func TestUnrollCalibratesOnAll(t *testing.T) {
	cfg := heard(30, lstmCell, 4, 1).Config(t)
	x := tasktest.Normals(1, 30*4*6)
	x[len(x)-1] = float32(math.NaN())
	tasktest.WriteArrays(t, cfg.Calib, map[string][]byte{"x": tasktest.FloatsNPY(x, 30, 4, 6)})
	cfg.Unroll = true
	if _, err := Search(context.Background(), cfg); err == nil || ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("NaN in the last sample: %v", err)
	}
}

// TestUnrollOfSamplesThatAreSteps opens an LSTM whose steps lie on the axis of the samples: they are run one by one,
// with or without the flag, so that each is a sequence of one, and the file takes one at a time.
func TestUnrollOfSamplesThatAreSteps(t *testing.T) {
	cfg := tasktest.NewGraph(20).In("x", nil, 1, 6).Out("y", 1, 8).Weight("w", 0.5, 1, 32, 6).Weight("r", 0.4, 1, 32, 8).Do("all = LSTM x w r hidden_size=8; y = Squeeze all one").Numbers("one", 1).Config(t)
	cfg.Unroll, cfg.Block = true, 0
	r := mustSearch(t, cfg)
	if len(r.Unrolled) != 1 || r.Unrolled[0].Steps != 1 || !r.Verified.Identical || *r.Score.High.Value < 40 {
		t.Errorf("%+v, %+v, %v dB", r.Unrolled, r.Verified, *r.Score.High.Value)
	}
}

// TestUnrollIsRefused holds where the flag means nothing.
func TestUnrollIsRefused(t *testing.T) {
	plain := tasktest.NewGraph(20).In("x", nil, 8).Weight("w", 0.5, 8, 5).Do("y = MatMul x w").Out("y", 5).Config(t)
	plain.Unroll = true
	pair := config.Config{Low: "a.onnx", High: "b.onnx", Data: plain.Data, Target: "1", Out: "run", Unroll: true}
	encodings := config.Config{Model: plain.Model, EncodingsLow: "a.json", EncodingsHigh: "b.json", Data: plain.Data, Target: "1", Out: "run", Unroll: true}
	for _, c := range []struct {
		cfg  config.Config
		want string
	}{{plain, "no LSTM, GRU or RNN: leave it out"}, {pair, "--unroll: a pair brings its own networks"}, {encodings, "--unroll: encodings name the tensors"}} {
		_, err := Search(context.Background(), c.cfg)
		if err == nil || !errors.Is(err, mistake.Err) && ExitCode(err) != 2 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestUnrollWithStates opens an LSTM of one step whose states come from the samples, as speech detectors have them.
func TestUnrollWithStates(t *testing.T) {
	b := tasktest.NewGraph(40).In("x", nil, 6).In("h", nil, 8).In("c", nil, 8).Weight("w", 0.5, 1, 32, 6).Weight("r", 0.4, 1, 32, 8).Weight("b", 0.3, 1, 64).Weight("v", 0.6, 8, 3).Numbers("zero", 0).
		Do("u = Unsqueeze x zero; h0 = Unsqueeze h zero; c0 = Unsqueeze c zero; all,hn,cn = LSTM u w r b _ h0 c0 hidden_size=8; s = Squeeze hn zero; a = Relu s; y = MatMul a v").Out("y", 3)
	cfg := b.Config(t)
	cfg.Unroll = true
	r := mustSearch(t, cfg)
	want := float64(32*6 + 32*8 + 8*3)
	if !r.Verified.Identical || r.FloatWork.MACs != want || r.FloatWork.Some() || *r.Score.High.Value < 40 {
		t.Errorf("%+v, %+v, want %v multiply-accumulates; all int16 %v dB", r.Verified, r.FloatWork, want, *r.Score.High.Value)
	}
}
