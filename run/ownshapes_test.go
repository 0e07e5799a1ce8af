package run

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// TestOwnShapes searches samples of three shapes, in blocks of several sizes, and holds the endpoints and the mix
// against plain ONNX Runtime, sample by sample; the mix, its chain and its scores are the same in all blocks, and by
// the naive search.
func TestOwnShapes(t *testing.T) {
	const n = 26
	for _, c := range []struct{ kind, metric string }{{"classes", "top1"}, {"classes", "agreement"}, {"classes", "f1"}, {"classes", "mse"}, {"map", "sqnr"}, {"map", "cosine"}, {"lines", "sqnr"}, {"lines", "mse"}, {"touching", "mse"}} {
		t.Run(c.kind+" "+c.metric, func(t *testing.T) {
			t.Parallel()
			cfg := tasktest.OwnConfig(t, c.kind, n)
			cfg.Metric = c.metric
			first := ""
			for _, way := range []struct {
				scan           string
				block, workers int
			}{{"fast", 0, 2}, {"fast", 1, 2}, {"fast", 3, 1}, {"naive", 3, 2}, {"fast", 8, 2}} {
				cfg.Scan, cfg.Block, cfg.Workers, cfg.Out = way.scan, way.block, way.workers, filepath.Join(t.TempDir(), "run")
				r, err := Search(context.Background(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				if !r.Verified.Identical || slices.ContainsFunc(r.Verified.AsWritten, func(a result.AsWritten) bool { return a.Differ > 0 }) {
					t.Errorf("%+v: %+v", way, r.Verified)
				}
				text := fmt.Sprint(r.Promotion)
				for _, s := range r.Chain {
					text += fmt.Sprintf(" %s %.10g", s.Holder, *s.Value)
				}
				for _, s := range []*result.Score{r.Score.High, r.Score.Low, r.Score.Mixed} {
					text += fmt.Sprintf(" %.10g", *s.Value)
				}
				if first == "" {
					first = text
					if len(r.Promotion) == 0 || len(r.Promotion) == len(r.Holders) {
						t.Errorf("%s: %d of %d holders stay int16, which tells little", text, len(r.Promotion), len(r.Holders))
					}
					holdEnds(t, cfg, r, n)
				} else if text != first {
					t.Errorf("%+v: %s, want %s", way, text, first)
				}
			}
		})
	}
}

// holdEnds holds the scores of a run against plain ONNX Runtime's of its file and of the two endpoints.
func holdEnds(t *testing.T, c config.Config, r *config.Result, n int) {
	t.Helper()
	folder := c.Out + "-ends"
	q := c
	q.Out = folder
	low, high, err := Quantize(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct {
		file string
		got  *result.Score
	}{{filepath.Join(c.Out, journal.MixedFile), r.Score.Mixed}, {low, r.Score.Low}, {high, r.Score.High}} {
		if want := tasktest.AlonePlainScore(t, c.Metric, e.file, c.Model, n); !tasktest.SameNumber(*e.got.Value, want) {
			t.Errorf("%s: %v, by plain ONNX Runtime %v", e.file, *e.got.Value, want)
		}
	}
	e, err := Eval(context.Background(), config.Config{Data: c.Data, Metric: c.Metric}, filepath.Join(c.Out, journal.MixedFile), c.Model, "")
	if err != nil {
		t.Fatal(err)
	}
	if !tasktest.SameNumber(*e.Score.Value, *r.Score.Mixed.Value) {
		t.Errorf("eval says %v, the search %v", *e.Score.Value, *r.Score.Mixed.Value)
	}
	if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("%v, %+v", err, v)
	}
}

// TestOwnShapesInOtherBatches holds that the check of the written file runs all samples of every shape in each batch,
// also where there are so many that some would do of one shape.
func TestOwnShapesInOtherBatches(t *testing.T) {
	c := tasktest.OwnConfig(t, "map", 423)
	c.Target = "0"
	r := mustSearch(t, c)
	if len(r.Verified.AsWritten) < 2 {
		t.Fatalf("%+v", r.Verified)
	}
	for _, a := range r.Verified.AsWritten {
		if a.Samples != 423 || a.Differ != 0 {
			t.Errorf("%+v", a)
		}
	}
}

// TestOwnShapesCalibrate holds the range that every holder is calibrated on against plain ONNX Runtime's, sample by
// sample, where one shape after the other has the largest values.
func TestOwnShapesCalibrate(t *testing.T) {
	ctx := context.Background()
	cfg := tasktest.OwnConfig(t, "map", 7).Filled()
	m, err := task.ReadNetwork(cfg, cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	sizes := tasktest.OwnSizes(9)
	for loud := range 3 {
		samples, arrays := tasktest.OwnSamples(500, sizes), map[string][]byte{}
		for i, s := range sizes {
			if s == [][2]int{{6, 8}, {5, 11}, {8, 4}}[loud] {
				for k := range samples[i] {
					samples[i][k] *= 20
				}
			}
			arrays[fmt.Sprintf("x_%d", i)] = tasktest.FloatsNPY(samples[i], 2, s[0], s[1])
		}
		tasktest.WriteArrays(t, cfg.Calib, arrays)
		n, err := task.PrepareFloat(ctx, m, cfg)
		if err != nil {
			t.Fatal(err)
		}
		calib, err := task.OpenData(cfg.Calib, "", m, cfg, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer calib.Close()
		grids, err := task.CalibrateAndTell(ctx, n, calib, cfg)
		if err != nil {
			t.Fatal(err)
		}
		for at, h := range n.Holders {
			low, high := math.Inf(1), math.Inf(-1)
			g := tasktest.OwnNetwork("map")
			g.Node = append(g.Node, tasktest.Node("Identity", "out", h.Tensor))
			g.Output[0] = onnxtest.Declared("out", ir.Float, "N", "a", "b", "c")
			file := tasktest.WriteNetwork(t, filepath.Join(t.TempDir(), "one.onnx"), g)
			for i, x := range samples {
				for _, v := range tasktest.AlonePlain(t, file, x, sizes[i]) {
					low, high = min(low, float64(v)), max(high, float64(v))
				}
			}
			if !tasktest.SameNumber(float64(grids.Seen[at].Min), low) || !tasktest.SameNumber(float64(grids.Seen[at].Max), high) {
				t.Errorf("%s was calibrated on %v to %v, by plain ONNX Runtime %v to %v", h.Name, grids.Seen[at].Min, grids.Seen[at].Max, low, high)
			}
		}
	}
}

// TestOwnShapesGoOn interrupts a search of samples of three shapes and lets the same command go on: the result is
// that of a search that was not interrupted.
func TestOwnShapesGoOn(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.OwnConfig(t, "classes", 40)
	cfg.Metric, cfg.Target, cfg.Block = "agreement", "50%", 3
	whole := cfg
	whole.Out += "-whole"
	want, err := Search(context.Background(), whole)
	if err != nil {
		t.Fatal(err)
	}
	interrupt(t, cfg)
	got, err := Search(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprint(got.Promotion, *got.Score.Mixed.Value), fmt.Sprint(want.Promotion, *want.Score.Mixed.Value); a != b || len(got.Chain) != len(want.Chain) {
		t.Errorf("went on to %s, want %s", a, b)
	}
}

// TestOwnShapesHoldOut holds the scores on a hold-out of three shapes against plain ONNX Runtime's.
func TestOwnShapesHoldOut(t *testing.T) {
	const n = 40
	cfg := tasktest.OwnConfig(t, "classes", n)
	cfg.Metric, cfg.Target, cfg.Holdout = "top1", "50%", "30%"
	r, err := Search(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	m, err := task.ReadNetwork(cfg.Filled(), cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Open(cfg.Data, blocks.DataInputs(m), dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	held := set.HoldOut(12, cfg.Filled().Draw())
	want, sizes := 0, tasktest.OwnSizes(n)
	samples := tasktest.OwnSamples(900, sizes)
	for i := range held.Len() {
		var at int
		if _, err := fmt.Sscanf(held.Name(i), "sample %d", &at); err != nil {
			t.Fatal(err)
		}
		if int64(metric.Top1(tasktest.AlonePlain(t, filepath.Join(cfg.Out, journal.MixedFile), samples[at], sizes[at]))) == held.Labels()[i] {
			want++
		}
	}
	if got := r.Holdout.Score.Mixed; r.Holdout.Samples != 12 || *got.Correct != want {
		t.Errorf("%d of %d right on the hold-out, by plain ONNX Runtime %d", *got.Correct, r.Holdout.Samples, want)
	}
}
