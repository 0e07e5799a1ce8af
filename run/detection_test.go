package run

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// detectorSamples is how many images drawnDetector has.
const detectorSamples = 24

// drawnDetector is a network that finds squares without having been trained: images of 3 x 16 x 16 are black but for
// squares of 4 x 4 pixels on a grid, whose colour is their class; each of 16 cells looks at its own. Its output is
// YOLOv8's, [N, 7, 16]: boxes up to 32 beside scores below 0.12, which one int8 grid cannot hold both.
func drawnDetector(t *testing.T) config.Config {
	t.Helper()
	rng := rand.New(rand.NewPCG(8, 8))
	b := tasktest.NewGraph(detectorSamples)
	boxes, offsets := drawnSquares(b, rng)
	grid := make([]float32, 4*16)
	for cell := range 16 {
		grid[cell], grid[16+cell], grid[32+cell], grid[48+cell] = float32(cell%4*8+4), float32(cell/4*8+4), 8, 8
	}
	kernel := make([]float32, 7*3*16) // the first four look at nothing, the others at a colour each
	for i := range 4 * 48 {
		kernel[i] = float32(rng.NormFloat64()) * 0.004
	}
	for class := range 3 {
		for k := range 16 {
			kernel[(4+class)*48+class*16+k] = 0.12 / 16
		}
	}
	split := append(grid, make([]float32, 3*16)...)
	b.Constant("k", kernel, 7, 3, 4, 4).Constant("grid", split, 1, 7, 16).Numbers("shape", 0, 7, 16).
		Do("c = Conv x k strides=4,4; r = Reshape c shape; q = Add r grid; y = Mul q half").Constant("half", []float32{0.5}, 1).Out("y", 7, 16)
	c := b.Config(t)
	writeBoxes(t, &c, boxes, offsets)
	c.Metric, c.Decode, c.Target = "map50", "yolov8", "50%"
	return c
}

// drawnHeads is such a network with raw heads: for each of 16 cells the distances to the four sides, and logits of the
// classes.
func drawnHeads(t *testing.T) config.Config {
	t.Helper()
	rng := rand.New(rand.NewPCG(9, 9))
	b := tasktest.NewGraph(detectorSamples)
	boxes, offsets := drawnSquares(b, rng)
	sides, classes := make([]float32, 4*48), make([]float32, 3*48)
	for i := range sides {
		sides[i] = float32(rng.NormFloat64()) * 0.004
	}
	for class := range 3 {
		for k := range 16 {
			classes[class*48+class*16+k] = 40.0 / 16
		}
	}
	b.Constant("ks", sides, 4, 3, 4, 4).Constant("kc", classes, 3, 3, 4, 4).Constant("half", []float32{0.5}, 1).Constant("four", []float32{4}, 1).
		Do("s = Conv x ks strides=4,4; boxes = Add s half; c = Conv x kc strides=4,4; scores = Sub c four").Out("boxes", 4, 4, 4).Out("scores", 3, 4, 4)
	c := b.Config(t)
	writeBoxes(t, &c, boxes, offsets)
	c.Metric, c.Decode, c.Target, c.Output, c.Beside = "map50", "yolov8-heads", "16bit-0.05", "boxes", []string{"scores"}
	return c
}

// drawnSquares gives a graph its input x, and returns the boxes of all samples and where each sample's begin.
func drawnSquares(b *tasktest.Graph, rng *rand.Rand) (boxes [][5]float32, offsets []int64) {
	pixels := make([]float32, detectorSamples*3*256)
	offsets = []int64{0}
	for i := range detectorSamples {
		for cell := range 16 {
			if rng.IntN(4) > 0 {
				continue
			}
			class, x, y, bright := rng.IntN(3), cell%4*4, cell/4*4, 0.2+0.8*rng.Float32()
			for k := range 16 {
				pixels[i*768+class*256+(y+k/4)*16+x+k%4] = bright
			}
			boxes = append(boxes, [5]float32{float32(x), float32(y), float32(x + 4), float32(y + 4), float32(class)})
		}
		offsets = append(offsets, int64(len(boxes)))
	}
	b.In("x", func(i int) float32 { return pixels[i] }, 3, 16, 16)
	return boxes, offsets
}

// writeBoxes gives a configuration its labels.
func writeBoxes(t *testing.T, c *config.Config, boxes [][5]float32, offsets []int64) {
	t.Helper()
	var labels bytes.Buffer
	z := zip.NewWriter(&labels)
	file := func(name, header string, data any) {
		f, err := z.Create(name + ".npy")
		if err == nil {
			_, err = f.Write([]byte(header))
		}
		if err == nil {
			err = binary.Write(f, binary.LittleEndian, data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	file("boxes", string(tasktest.NPYHeader("<f4", len(boxes), 5)), boxes)
	file("offsets", string(tasktest.NPYHeader("<i8", len(offsets))), offsets)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	c.Labels = filepath.Join(filepath.Dir(c.Model), "boxes.npz")
	tasktest.WriteFile(t, c.Labels, labels.Bytes())
}

// TestDetector searches a detector by map50 and map: the float network finds all squares, the file scores what the
// search said, and eval of it says the same. A search by full scores decides the same.
func TestDetector(t *testing.T) {
	for _, name := range []string{"map50", "map"} {
		c := drawnDetector(t)
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
	c := drawnHeads(t)
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
		c := drawnHeads(t)
		boxes, offsets := drawnSquares(tasktest.NewGraph(detectorSamples), rand.New(rand.NewPCG(9, 9)))
		for i := range boxes {
			for k := range 4 {
				boxes[i][k] *= by
			}
		}
		writeBoxes(t, &c, boxes, offsets)
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
		cfg := drawnDetector(t)
		c.change(&cfg)
		_, err := Search(context.Background(), cfg)
		if err == nil || ExitCode(err) != ExitMistake || !strings.Contains(strings.ReplaceAll(err.Error(), "option ", "--"), c.hint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, c.hint)
		}
	}
}
