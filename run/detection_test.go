package run

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
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
	pixels := make([]float32, detectorSamples*3*256)
	var boxes [][5]float32
	offsets := []int64{0}
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
	b.In("x", func(i int) float32 { return pixels[i] }, 3, 16, 16).Constant("k", kernel, 7, 3, 4, 4).Constant("grid", split, 1, 7, 16).Numbers("shape", 0, 7, 16).
		Do("c = Conv x k strides=4,4; r = Reshape c shape; q = Add r grid; y = Mul q half").Constant("half", []float32{0.5}, 1).Out("y", 7, 16)
	c := b.Config(t)
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
	c.Metric, c.Decode, c.Target = "map50", "yolov8", "50%"
	return c
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

// TestBadDetector: flags and labels of boxes that cannot be meant are refused in one line.
func TestBadDetector(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	for _, c := range []struct {
		change func(c *Config)
		hint   string
	}{
		{func(c *Config) { c.Decode = "" }, "--metric map50 reads boxes: say how the outputs hold them"},
		{func(c *Config) { c.Decode = "yolo" }, "--decode yolo: choose one of yolov5, yolov8, boxes"},
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
