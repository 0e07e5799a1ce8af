package tasktest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"example.org/demote/config"
)

// DetectorSamples is how many images Detector has.
const DetectorSamples = 24

// Detector is a network that finds squares without having been trained: images of 3 x 16 x 16 are black but for
// squares of 4 x 4 pixels on a grid, whose colour is their class; each of 16 cells looks at its own. Its output is
// YOLOv8's, [N, 7, 16]: boxes up to 32 beside scores below 0.12, which one int8 grid cannot hold both.
func Detector(t testing.TB) config.Config {
	t.Helper()
	rng := rand.New(rand.NewPCG(8, 8))
	b := NewGraph(DetectorSamples)
	boxes, offsets := DrawnSquares(b, rng)
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
	WriteBoxes(t, &c, boxes, offsets)
	c.Metric, c.Decode, c.Target = "map50", "yolov8", "50%"
	return c
}

// DetectorHeads is such a network with raw heads: for each of 16 cells the distances to the four sides, and logits of
// the classes.
func DetectorHeads(t testing.TB) config.Config {
	t.Helper()
	rng := rand.New(rand.NewPCG(9, 9))
	b := NewGraph(DetectorSamples)
	boxes, offsets := DrawnSquares(b, rng)
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
	WriteBoxes(t, &c, boxes, offsets)
	c.Metric, c.Decode, c.Target, c.Output, c.Beside = "map50", "yolov8-heads", "16bit-0.05", "boxes", []string{"scores"}
	return c
}

// DrawnSquares gives a graph its input x, and returns the boxes of all samples and where each sample's begin.
func DrawnSquares(b *Graph, rng *rand.Rand) (boxes [][5]float32, offsets []int64) {
	pixels := make([]float32, DetectorSamples*3*256)
	offsets = []int64{0}
	for i := range DetectorSamples {
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

// WriteBoxes gives a configuration its labels.
func WriteBoxes(t testing.TB, c *config.Config, boxes [][5]float32, offsets []int64) {
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
	file("boxes", string(NPYHeader("<f4", len(boxes), 5)), boxes)
	file("offsets", string(NPYHeader("<i8", len(offsets))), offsets)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	c.Labels = filepath.Join(filepath.Dir(c.Model), "boxes.npz")
	WriteFile(t, c.Labels, labels.Bytes())
}
