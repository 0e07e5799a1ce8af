package run

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/config"
	"example.org/demote/engine"
	"example.org/demote/internal/aimet"
	"example.org/demote/internal/format"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/record"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// sameBitsOf holds two searches of one network against each other: the outputs of both ends and of
// some mixes, bit for bit.
func sameBitsOf(t *testing.T, a, b *trial.Runner) {
	t.Helper()
	if len(a.Records) != len(b.Records) {
		t.Fatalf("%d and %d holders", len(a.Records), len(b.Records))
	}
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, seed))
	masks := []search.Mask{search.NewMask(len(a.Records)), task.LowMask(a.Network.Holders)}
	for range 3 {
		m := search.NewMask(len(a.Records))
		for i := range a.Records {
			if rng.IntN(2) == 1 {
				m.Demote(i)
			}
		}
		masks = append(masks, m)
	}
	for _, m := range masks {
		x, one := trialtest.Rows(t, a.Ev, m)
		y, two := trialtest.Rows(t, b.Ev, m)
		if n := trialtest.Differing(x, y); n > 0 {
			t.Errorf("mask %s, seed %d: outputs of %d samples differ", m, seed, n)
		}
		if a.Metric.NeedsLabels && one != two {
			t.Errorf("mask %s: %v and %v", m, one, two)
		}
	}
}

// TestEndpointsComeBack quantizes a network into its two ends, and reads them as a pair: both ends,
// and mixes of them, compute the same bits as the float network with its calibration did.
func TestEndpointsComeBack(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		name string
		cfg  config.Config
	}{{"tiny", tasktest.TinyConfig(t, 60)}, {"fashion", tasktest.FashionConfig(t)}} {
		t.Run(c.name, func(t *testing.T) {
			q := c.cfg
			q.Out = t.TempDir()
			low, high, err := Quantize(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			pair := c.cfg
			pair.Model, pair.Calib, pair.Low, pair.High = "", "", low, high
			a, b := trialtest.Compiled(t, c.cfg), trialtest.Compiled(t, pair)
			if b.Low != nil || len(b.Notes) > 0 {
				t.Errorf("the pair is not one network: %q", b.Notes)
			}
			sameBitsOf(t, a, b)
		})
	}
}

// TestMixComesBack searches, writes both QDQ formats and the annotated file, and pairs each with the
// 16-bit file: its all-low end is the mix, with its very count.
func TestMixComesBack(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.FashionConfig(t)
	cfg.Export = []string{"qdq-ms", "mctq"}
	cfg.Target = "16bit-0.005"
	r := mustSearch(t, cfg)
	q := cfg
	q.Out = t.TempDir()
	_, high, err := Quantize(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{journal.MixedFile, "mixed-ms.onnx"} {
		pair := cfg
		pair.Model, pair.Calib, pair.Low, pair.High = "", "", filepath.Join(cfg.Out, name), high
		s := trialtest.Compiled(t, pair)
		low, err := s.Ev.Score(context.Background(), task.LowMask(s.Network.Holders))
		if err != nil {
			t.Fatal(err)
		}
		if low.Count != *r.Score.Mixed.Correct || s.HighScore.Count != *r.Score.High.Correct {
			t.Errorf("%s: %d and %d right, the search says %d and %d", name, low.Count, s.HighScore.Count, *r.Score.Mixed.Correct, *r.Score.High.Correct)
		}
	}
	for _, name := range []string{journal.MixedFile, "mixed-ms.onnx", "annotated.onnx"} {
		e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Limit: cfg.Limit, Block: cfg.Block, Seed: cfg.Seed}, filepath.Join(cfg.Out, name), "", "exact")
		if err != nil || *e.Score.Correct != *r.Score.Mixed.Correct {
			t.Errorf("eval of %s: %+v, %v; the search says %d", name, e, err, *r.Score.Mixed.Correct)
		}
	}
}

// TestToolkitPair runs the real pair of Sony's toolkit: the counts that it has in torch, and its own
// mixed file, byte for byte, from the recorded promotion list.
func TestToolkitPair(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const dir = "../testdata/mctq/"
	cfg := config.Config{Low: dir + "m8.onnx", High: dir + "m16.onnx", Data: dir + "eval.npz", Block: 50, Strategy: "gallop", Target: "0.9175", Version: "test"}
	s := trialtest.Compiled(t, cfg)
	low, err := s.Ev.Score(context.Background(), task.LowMask(s.Network.Holders))
	if err != nil || low.Count != 903 || s.HighScore.Count != 925 || low.Total != 1000 {
		t.Errorf("%v and %v of the ends, %v; the toolkit has 903 and 925", low, s.HighScore, err)
	}
	var trace struct {
		Promotion []string `json:"promotion_list"`
	}
	if err := json.Unmarshal(tasktest.ReadFile(t, dir+"trace.json"), &trace); err != nil || len(trace.Promotion) != 2 {
		t.Fatalf("%v, %q", err, trace.Promotion)
	}
	mask := task.LowMask(s.Network.Holders)
	for i, h := range s.Network.Holders {
		if slices.Contains(trace.Promotion, h.Name) {
			mask.Promote(i)
		}
	}
	mixed, err := s.Ev.Score(context.Background(), mask)
	if err != nil || mixed.Count != 918 {
		t.Errorf("%v of the mix, %v; the toolkit has 918", mixed, err)
	}
	f, err := config.Format("--format", "mctq")
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "annotated.onnx")
	if _, err := newSearch(s).export(context.Background(), f, mask, []string{out}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(tasktest.ReadFile(t, out), tasktest.ReadFile(t, dir+"mixed_mctq.onnx")) {
		t.Error("the annotated file is not the toolkit's own")
	}
	e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Block: 50}, dir+"mixed_mctq.onnx", "", "")
	if err != nil || *e.Score.Correct != 918 {
		t.Errorf("eval: %+v, %v", e, err)
	}
}

// TestEncodings gives the grids of both ends as AIMET's files beside the float network: the same
// bits, and a search.
func TestEncodings(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	a := trialtest.Compiled(t, cfg)
	dir := t.TempDir()
	files := config.Config{Model: filepath.Join(dir, "float.onnx"), EncodingsLow: filepath.Join(dir, "8.encodings"), EncodingsHigh: filepath.Join(dir, "16.encodings"),
		Data: cfg.Data, Metric: cfg.Metric, Block: cfg.Block, Strategy: "demotion", Target: "16bit-0.03", Out: filepath.Join(dir, "run"),
		Export: []string{"encodings", "qdq-ms"}, Version: "test"}
	if err := a.Network.Model.Write(files.Model); err != nil {
		t.Fatal(err)
	}
	for path, mask := range map[string]search.Mask{files.EncodingsLow: task.LowMask(a.Network.Holders), files.EncodingsHigh: search.NewMask(len(a.Records))} {
		written, err := aimet.Format061.Write(format.Mix{Network: a.Network, Records: a.Records, Low: engine.Low(mask)})
		if err != nil {
			t.Fatal(err)
		}
		tasktest.WriteFile(t, path, written.Text)
	}
	b := trialtest.Compiled(t, files)
	sameBitsOf(t, a, b)
	r := mustSearch(t, files)
	if r.Score.Float == nil || !r.Verified.Identical || len(r.Inputs) != 4 {
		t.Errorf("%+v, %+v, %+v", r.Score, r.Verified, r.Inputs)
	}
	if v, err := Verify(context.Background(), files.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
	m, err := onnx.Read(filepath.Join(files.Out, "encodings.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	back, grids, err := task.Encoded(m, filepath.Join(files.Out, "encodings.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range back.Holders {
		if want := r.Holders[i]; h.Name != want.Name || record.Precision(grids[i]) != want.Precision {
			t.Errorf("holder %s reads back as %s on %v, the result has %s", want.Name, h.Name, grids[i], want.Precision)
		}
	}
	for _, c := range []struct {
		name   string
		change func(*config.Config)
		text   string
	}{
		{"one file", func(c *config.Config) { c.EncodingsHigh = "" }, "come in two"},
		{"with calibration", func(c *config.Config) { c.Calib = cfg.Calib }, "--calib"},
		{"with a pair", func(c *config.Config) { c.Low, c.High = "a.onnx", "b.onnx" }, "exclude"},
		{"without a network", func(c *config.Config) { c.Model = "" }, "--model is missing"},
		{"without data", func(c *config.Config) { c.Data = "" }, "--data is missing"},
		{"another formula", func(c *config.Config) { c.Formula = "torch" }, "formula qdq"},
		{"output holder", func(c *config.Config) { c.OutputHolder = true }, "--output-holder"},
		{"no such file", func(c *config.Config) { c.EncodingsLow = "no.encodings" }, "no.encodings"},
		{"swapped", func(c *config.Config) { c.EncodingsLow, c.EncodingsHigh = c.EncodingsHigh, c.EncodingsLow }, "swapped"},
		{"another network", func(c *config.Config) { c.Model = "../examples/fashion/model.onnx" }, "which the network does not have"},
	} {
		bad := files
		bad.Out = filepath.Join(dir, "bad")
		c.change(&bad)
		_, err := Search(context.Background(), bad)
		if ExitCode(err) != ExitMistake || !bytes.Contains([]byte(err.Error()), []byte(c.text)) {
			t.Errorf("%s: exit code %d, %v", c.name, ExitCode(err), err)
		}
		if _, err := os.Stat(bad.Out); err == nil {
			t.Errorf("%s left a run folder", c.name)
		}
	}
}

// TestEncodingsByAIMET searches with files that AIMET itself saved, of both versions.
func TestEncodingsByAIMET(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const dir = "../onnx/testdata/encodings/"
	data := tasktest.NPYHeader("<f4", 40, 3, 16, 16)
	rng := rand.New(rand.NewPCG(9, 9))
	for range 40 * 3 * 16 * 16 {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(rng.NormFloat64())))
	}
	path := filepath.Join(t.TempDir(), "eval.npy")
	tasktest.WriteFile(t, path, data)
	for _, network := range []string{"conv", "attention"} {
		cfg := config.Config{Model: dir + network + ".onnx", EncodingsLow: dir + network + "_8_100.json", EncodingsHigh: dir + network + "_16_061.json", Data: path,
			Metric: "sqnr", Target: "50%", Block: 8, Strategy: "demotion", Out: filepath.Join(t.TempDir(), "run"), Version: "test", Export: config.FormatNames()}
		r := mustSearch(t, cfg)
		if n := len(r.Promotion); !r.Met || !r.Verified.Identical || n == 0 || n == len(r.Holders) {
			t.Errorf("%s: %d of %d high, %+v", network, n, len(r.Holders), r.Verified)
		}
		t.Logf("%s: %d of %d high, warnings %q", network, len(r.Promotion), len(r.Holders), r.Warnings)
	}
}
