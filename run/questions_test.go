package run

import (
	"context"
	"encoding/binary"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/question"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/search"
)

// exampleConfig is a right set-up: the example on some of its samples.
func exampleConfig() config.Config {
	return config.Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz", Target: "16bit-0.05", Limit: 300}
}

// asks runs a search up to its first trial and returns what it asked. spoil may change what was prepared.
func asks(t *testing.T, cfg config.Config, spoil func(*searchRun)) *config.Result {
	t.Helper()
	cfg.Out = filepath.Join(t.TempDir(), "unused") // nothing is written
	s := newSearch(&trial.Runner{Config: cfg.Filled()})
	defer s.Close()
	if err := s.check(t.Context()); err != nil {
		t.Fatal(err)
	}
	var err error
	if err = s.Prepare(context.Background()); err == nil {
		err = s.begin(context.Background())
	}
	if spoil != nil && err == nil {
		spoil(s)
	}
	if err == nil {
		err = s.questioning()
	}
	if err == nil {
		err = s.Compile(context.Background())
	}
	if err == nil { // as open does, without the plan of trials that are not run here
		s.HighScore, _, err = s.Ev.Arrange(context.Background(), s.doubts.SeeHigh(s.Ev))
	}
	if err == nil {
		err = s.doubts.AskEnds(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.Result
}

// rawImages are samples of the example as an array of float32, each value changed by f, and their labels as an npy
// file.
func rawImages(t *testing.T, path string, limit int, f func(float32) float32, shift int64) (data, labels string) {
	t.Helper()
	set, err := dataset.Open(path, []dataset.Input{{Name: "x", Dims: []int64{-1, 1, 28, 28}, Type: dataset.Float32}}, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	n := min(limit, set.Len())
	x, y := tasktest.NPYHeader("<f4", n, 1, 28, 28), tasktest.NPYHeader("<i8", n)
	row := make([]float32, 784)
	for i := range n {
		if err := set.Read(0, i, blocks.BytesOf(row)); err != nil {
			t.Fatal(err)
		}
		for _, v := range row {
			x = binary.LittleEndian.AppendUint32(x, math.Float32bits(f(v)))
		}
		if l := set.Labels(); l != nil {
			y = binary.LittleEndian.AppendUint64(y, uint64(min(9, l[i]+shift)))
		}
	}
	dir := t.TempDir()
	data, labels = filepath.Join(dir, "x.npy"), filepath.Join(dir, "y.npy")
	tasktest.WriteFile(t, data, x)
	tasktest.WriteFile(t, labels, y)
	return data, labels
}

// TestQuestions sets the example up rightly, of which nothing is said, and in wrong ways, of which each is told with
// the flag that cures it.
func TestQuestions(t *testing.T) {
	same := func(v float32) float32 { return v }
	for _, c := range []struct {
		name  string
		spoil func(*testing.T, *config.Config)
		id    string // empty: nothing is said
		part  string // of the warning
	}{
		{"right", func(*testing.T, *config.Config) {}, "", ""},
		{"right, scaled by a flag that cancels out", func(t *testing.T, c *config.Config) {
			c.Data, c.Labels = rawImages(t, c.Data, 200, func(v float32) float32 { return v / 255 }, 0)
			c.Calib, _ = rawImages(t, c.Calib, 64, func(v float32) float32 { return v / 255 }, 0)
			c.Scale = []float32{255}
		}, "", ""},
		{"both over 255", func(t *testing.T, c *config.Config) {
			c.Data, c.Labels = rawImages(t, c.Data, 200, func(v float32) float32 { return v / 255 }, 0)
			c.Calib, _ = rawImages(t, c.Calib, 64, func(v float32) float32 { return v / 255 }, 0)
		}, "scale-differs", "--scale 255"},
		{"--scale too much", func(_ *testing.T, c *config.Config) { c.Scale = []float32{1. / 255} }, "scale-differs", "no --scale"},
		{"labels from 1", func(t *testing.T, c *config.Config) { _, c.Labels = rawImages(t, c.Data, 2000, same, 1) }, "labels-shifted", "save the labels as y - 1"},
		{"calibration over 255", func(t *testing.T, c *config.Config) {
			c.Calib, _ = rawImages(t, c.Calib, 64, func(v float32) float32 { return v / 255 }, 0)
		}, "outside-calibration", "lie outside its calibrated range: 0 to 1 in the calibration, 0 to 255 in the data"},
		{"calibration times 255", func(t *testing.T, c *config.Config) {
			c.Calib, _ = rawImages(t, c.Calib, 64, func(v float32) float32 { return v * 255 }, 0)
		}, "calibration-too-wide", "--scale, --mean and --std"},
		{"calibrated on the data", func(_ *testing.T, c *config.Config) { c.Calib = c.Data }, "calibration-in-data", "300 of the 2000 samples"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := exampleConfig()
			c.spoil(t, &cfg)
			r := asks(t, cfg, nil)
			w := tasktest.Warning(r, c.id)
			switch {
			case c.id == "" && len(r.Warnings) > 0, c.id != "" && w == nil:
				t.Errorf("%q, %+v", texts(r.Warnings), r.Questions)
			case w != nil && !strings.Contains(w.String(), c.part):
				t.Errorf("%q lacks %q", w, c.part)
			}
			if r.Questions == nil || r.Questions.Seconds <= 0 || r.Questions.Chance == nil || r.Questions.HighSQNR == nil || len(r.Questions.Ranges) != 1 {
				t.Errorf("%+v", r.Questions)
			}
		})
	}
}

// TestBlame names the holder whose int16 grid was spoilt, and the weights of this network, whose channels are uneven,
// where none was.
func TestBlame(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	dir := t.TempDir()
	cfg := config.Config{Model: tasktest.TinyNetwork(t, dir), Calib: tasktest.RandomImages(t, filepath.Join(dir, "c.npy"), 32, 1), Data: tasktest.RandomImages(t, filepath.Join(dir, "e.npy"), 60, 2), Target: "16bit-0.2"}
	for _, at := range []int{-1, 0, 3, 6} {
		r := asks(t, cfg, func(s *searchRun) {
			if at >= 0 {
				s.Records[at].High.Scale *= 1 << 16 // one step is left
			}
		})
		w := tasktest.Warning(r, "int16-differs")
		switch {
		case w == nil || r.Questions.Blame == nil:
			t.Errorf("holder %d: %q, %+v", at, texts(r.Warnings), r.Questions)
		case at < 0 && (r.Questions.Blame.Holder != "" || !strings.Contains(w.Text, "to blame are the grids of the weights")):
			t.Errorf("the weights: %v", w)
		case at >= 0 && (r.Questions.Blame.Holder != r.Holders[at].Name || !strings.Contains(w.Text, "to blame is "+r.Holders[at].Name)):
			t.Errorf("holder %s: %v", r.Holders[at].Name, w)
		case strings.Contains(w.Cure, "--range-high minmax"):
			t.Errorf("holder %d: %q is what there is already", at, w.Cure)
		case at < 0 && (!strings.Contains(w.Text, "most of all w3 of layer c3/Conv, ") || !strings.Contains(w.Cure, "--weight-bits w3=16, or ") || !strings.Contains(w.Cure, "--low and --high")):
			t.Errorf("the weights: %v", w)
		case at >= 0 && (!strings.Contains(w.Text, "its int16 range is ") || !strings.Contains(w.Text, "its values in the data ") || !strings.Contains(w.Cure, "--range-high percentile")):
			t.Errorf("holder %d, whose range is far too wide: %v", at, w)
		}
	}
	coarse := asks(t, cfg, func(s *searchRun) {
		g := &s.Records[3].High
		g.Scale, g.Zero, g.Min, g.Max = 2*g.Scale*float32(g.Max-g.Min), 1, 0, 2 // one step on either side
	})
	if w := tasktest.Warning(coarse, "int16-differs"); w == nil || !strings.Contains(w.Text, "are too wide for the small ones among them") || !strings.Contains(w.Cure, "or search with --bits 8,bf16") {
		t.Errorf("steps that are too wide: %v", w)
	}
	cut := asks(t, cfg, func(s *searchRun) { s.Records[3].High.Scale /= 64 })
	if w := tasktest.Warning(cut, "int16-differs"); w == nil || !strings.Contains(w.Cure, "give more samples with --calib") || strings.Contains(w.Cure, "minmax") {
		t.Errorf("a range that is cut off: %v", w)
	}
	cfg.RangeHigh = "percentile"
	other := asks(t, cfg, func(s *searchRun) { s.Records[3].High.Scale /= 64 })
	if w := tasktest.Warning(other, "int16-differs"); w == nil || !strings.Contains(w.Cure, "--range-high minmax") {
		t.Errorf("a range that is cut off by another method: %v", w)
	}
}

// TestBlameOfALayerWithoutAName: the weight alone is named, and --weight-bits takes its name.
func TestBlameOfALayerWithoutAName(t *testing.T) {
	dir := t.TempDir()
	cfg := config.Config{Model: tasktest.TinyNetwork(t, dir), Calib: tasktest.RandomImages(t, filepath.Join(dir, "c.npy"), 32, 1), Data: tasktest.RandomImages(t, filepath.Join(dir, "e.npy"), 60, 2), Target: "16bit-0.2"}
	r := asks(t, cfg, func(s *searchRun) {
		for _, n := range s.Network.Model.Graph().GetNode() {
			n.Name = nil
		}
	})
	if w := tasktest.Warning(r, "int16-differs"); w == nil || !strings.Contains(w.Text, "most of all w3, ") || !strings.Contains(w.Cure, "--weight-bits w3=16, or ") {
		t.Errorf("%v", w)
	}
}

// TestBlameOfHalves: bf16 has no range that more samples would mend. What helps where its mantissa is too short is 16
// bits.
func TestBlameOfHalves(t *testing.T) {
	value := func(i int) float32 { return 1000 + float32(i%7)/8 }
	b := tasktest.NewGraph(60).In("x", value, 8).Weight("w1", 0.5, 8, 8).Weight("w2", 0.5, 8, 4).Constant("k", []float32{1000}).
		Do("c = Sub x k; a = MatMul c w1; r = Relu a; y = MatMul r w2").Out("y", 4)
	cfg := b.Config(t)
	cfg.Bits, cfg.Target = "4,bf16", "16bit-3"
	w := tasktest.Warning(asks(t, cfg, nil), "int16-differs")
	if w == nil || !strings.Contains(w.Text, "to blame is x, ") || strings.Contains(w.Text, "range is") || !strings.Contains(w.Cure, "--bits 4,16") || strings.Contains(w.Cure, "--calib") {
		t.Errorf("%v", w)
	}
}

// TestQuestionTarget tells targets that mean something else than they say, or that one sample decides.
func TestQuestionTarget(t *testing.T) {
	for _, c := range []struct {
		target  string
		samples int
		want    string
	}{
		{"16bit-0.005", 2000, ""}, {"float-0.01", 2000, ""}, {"0.9", 2000, ""}, {"50%", 2000, ""}, {"8bit+1%", 2000, ""}, {"16bit-0.1", 40, ""},
		{"1%", 2000, "target-percent"}, {"0.5%", 2000, "target-percent"},
		{"16bit-0.95", 2000, "target-below-zero"},
		{"16bit-0.0004", 2000, "target-finer-than-sample"}, {"16bit-0.0005", 2000, "target-one-sample"}, {"16bit-0.03", 40, "target-one-sample"},
		{"16bit-0.01", 40, "target-finer-than-sample"},
	} {
		s := testSearching(t, "top1", 4)
		s.doubts = &question.Questions{Runner: s.Runner}
		s.Config.Target = c.target
		var err error
		if s.wanted, err = wantedOf(s.Config); err != nil {
			t.Fatal(err)
		}
		ends := testEnds(c.samples)
		s.FloatScore = ends.Float
		if err := s.resolveGoal(ends); err != nil {
			t.Fatalf("%s: %v", c.target, err)
		}
		var ids []string
		for _, w := range s.Result.Warnings {
			if ids = append(ids, w.ID); w.Cure == "" {
				t.Errorf("%s: no cure", w.ID)
			}
		}
		if strings.Join(ids, " ") != c.want {
			t.Errorf("%s of %d: %q, want %q", c.target, c.samples, ids, c.want)
		}
		if c.target == "1%" && !strings.Contains(s.Result.Warnings[0].Cure, "for a drop of at most 0.01 write --target float-0.01, and 8bit+1%") {
			t.Errorf("%q", s.Result.Warnings[0].Cure)
		}
	}
}

// testEnds are a float score of 0.925, an int16 score one sample below it, and an int8 score of 0.9.
func testEnds(samples int) search.Endpoints {
	float := search.Score{Count: samples * 37 / 40, Total: samples}
	return search.Endpoints{Float: &float, High: search.Score{Count: float.Count - 1, Total: samples}, Low: search.Score{Count: samples * 9 / 10, Total: samples}}
}
