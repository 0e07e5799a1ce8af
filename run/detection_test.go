package run

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// TestDetector searches a detector by map50 and map: the float network finds all squares, the file scores what the
// search said, and eval of it says the same. A search by full scores decides the same.
func TestDetector(t *testing.T) {
	for _, name := range []string{"map50", "map"} {
		c := tasktest.Detector(t)
		c.Metric = name
		r, err := Search(context.Background(), c)
		if err != nil && ExitCode(err) != ExitUnreachable {
			t.Fatal(err)
		}
		if len(r.Promotion) == 0 || *r.Score.Low.Value > 0.8**r.Score.High.Value {
			t.Errorf("%s: %d stay int16, all int8 scores %v", name, len(r.Promotion), *r.Score.Low.Value)
		}
		if v := *r.Score.Float.Value; v < 0.95 || v > 1 || !r.Verified.Identical || r.Metric != name {
			t.Errorf("%s: the float network scores %v, verified %+v", name, v, r.Verified)
		}
		naive := c
		naive.Scan, naive.Out = "naive", c.Out+"-naive"
		full, err := Search(context.Background(), naive)
		if err != nil && ExitCode(err) != ExitUnreachable {
			t.Fatal(err)
		}
		if a, b := decisions(t, r), decisions(t, full); a != b {
			t.Errorf("%s: %s\nby full scores: %s", name, a, b)
		}
		c.Calib, c.Strategy, c.Target, c.Cache = "", "", "", 0
		e, err := Eval(context.Background(), c, filepath.Join(c.Out, "mixed.onnx"), "", "exact")
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(*e.Score.Value-*r.Score.Mixed.Value) > 0 {
			t.Errorf("%s: eval says %v, the search said %v", name, *e.Score.Value, *r.Score.Mixed.Value)
		}
	}
}

// TestDetectorHeads searches a detector with raw heads in two outputs, in either order.
func TestDetectorHeads(t *testing.T) {
	c := tasktest.DetectorHeads(t)
	r := mustSearch(t, c)
	if v := *r.Score.Float.Value; v < 0.95 || v > 1 || !r.Verified.Identical || len(r.Promotion) == len(r.Holders) {
		t.Errorf("the float network scores %v, verified %+v, %d of %d stay int16", v, r.Verified, len(r.Promotion), len(r.Holders))
	}
	c.Output, c.Beside, c.Out = "scores", []string{"boxes"}, c.Out+"-turned"
	if turned := mustSearch(t, c); decisions(t, turned) != decisions(t, r) {
		t.Errorf("scores first: %s\nboxes first:  %s", decisions(t, turned), decisions(t, r))
	}
}

// TestDetectorReadWrong: a network whose boxes are labelled in pixels of another size scores next to nothing, which
// search and eval warn of; one that is read right is not warned of.
func TestDetectorReadWrong(t *testing.T) {
	for _, by := range []float32{1, 0.25} {
		c := tasktest.DetectorHeads(t)
		boxes, offsets := tasktest.DrawnSquares(tasktest.NewGraph(tasktest.DetectorSamples), rand.New(rand.NewPCG(9, 9)))
		for i := range boxes {
			for k := range 4 {
				boxes[i][k] *= by
			}
		}
		tasktest.WriteBoxes(t, &c, boxes, offsets)
		r, err := Search(context.Background(), c)
		if err != nil && ExitCode(err) != ExitUnreachable {
			t.Fatal(err)
		}
		c.Calib, c.Strategy, c.Target, c.Cache = "", "", "", 0
		e, err := Eval(context.Background(), c, c.Model, "", "exact")
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range [][]result.Warning{r.Warnings, e.Warnings} {
			if warned(list, "near-chance") != (by < 1) {
				t.Errorf("boxes times %g: the network scores %v, %+v", by, *e.Score.Value, list)
			}
		}
	}
}

// warned tells whether a list has a warning.
func warned(list []result.Warning, id string) bool {
	return slices.ContainsFunc(list, func(w result.Warning) bool { return w.ID == id })
}

// TestBadDetector: flags and labels of boxes that cannot be meant are refused in one line.
func TestBadDetector(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	for _, c := range []struct {
		change func(c *Config)
		hint   string
	}{
		{func(c *Config) { c.Decode = "" }, "--metric map50 reads boxes: say how the outputs hold them"},
		{func(c *Config) { c.Decode = "yolo" }, "--decode yolo: choose one of yolov5, yolov8, yolov5-heads, yolov8-heads, ssd, ssd-scores, boxes"},
		{func(c *Config) { c.Anchors = "1,2" }, "--anchors: --decode yolov8 has none"},
		{func(c *Config) { c.Decode = "ssd" }, "--decode ssd needs --anchors FILE.csv"},
		{func(c *Config) { c.Decode, c.Anchors = "ssd", "none.csv" }, "--anchors: open none.csv"},
		{func(c *Config) { c.Decode, c.Anchors = "yolov5-heads", "4,x" }, `--anchors: line 1: "x"`},
		{func(c *Config) { c.Decode, c.Anchors = "yolov5-heads", "4,-4" }, "needs anchors with sides above 0"},
		{func(c *Config) { c.Decode, c.Anchors = "yolov5-heads", "4,4" }, "knows no grid of cells in [7,16] for an input of 16 x 16 pixels"},
		{func(c *Config) { c.Decode = "yolov5-heads" }, "with 1 outputs needs width and height of as many anchors for each"},
		{func(c *Config) { c.Decode = "yolov8-heads" }, "knows no grid"},
		{func(c *Config) { c.Metric = "sqnr" }, "--decode is for metrics of boxes"},
		{func(c *Config) { c.NMSIoU = v(0) }, "--nms-iou 0: give an overlap"},
		{func(c *Config) { c.NMSScore = v(1) }, "--nms-score 1: give a score"},
		{func(c *Config) { c.MaxDetections = -1 }, "--max-detections -1"},
		{func(c *Config) { c.Decode, c.NMSIoU = "boxes", v(0.5) }, "the network has suppressed boxes itself"},
		{func(c *Config) { c.Decode = "boxes" }, "needs an output [samples, boxes, 6]"},
		{func(c *Config) { c.Labels = "" }, "metric map50 needs boxes, and the data has none: name their file"},
		{func(c *Config) { c.Holdout = c.Calib }, "the hold-out has none: add arrays boxes and offsets, or hold out a share of --data"},
		{func(c *Config) {
			c.Metric, c.Decode, c.Labels, c.MetricCmd, c.LabelArrays = "", "", "", "echo 1", []string{"z"}
		}, "has no array z: name arrays that it has"},
	} {
		cfg := tasktest.Detector(t)
		c.change(&cfg)
		_, err := Search(context.Background(), cfg)
		if err == nil || ExitCode(err) != ExitMistake || !strings.Contains(strings.ReplaceAll(err.Error(), "option ", "--"), c.hint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, c.hint)
		}
	}
}
