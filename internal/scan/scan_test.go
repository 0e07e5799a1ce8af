package scan

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"testing"

	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
)

// TestScan reads samples on several cores and finds their ranges, what is beyond others, and copies.
func TestScan(t *testing.T) {
	dir := t.TempDir()
	data := tasktest.NPYHeader("<f4", 100, 1, 8, 8)
	for i := range 100 {
		for k := range 64 {
			v := float32(i%50) + float32(k)/64
			if i == 3 && k == 5 {
				v = float32(math.NaN())
			}
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
	}
	path := filepath.Join(dir, "x.npy")
	tasktest.WriteFile(t, path, data)
	m, err := onnx.Read(tasktest.TinyNetwork(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Open(path, blocks.DataInputs(m), dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	inputs, err := blocks.Inputs(m, set, 20)
	if err != nil {
		t.Fatal(err)
	}
	limits := newScan(0, 1)
	limits.Low[0], limits.High[0] = 10, 32 // 0 to 32, as grids hold 0
	s, err := Samples(set, inputs, limits)
	if err != nil {
		t.Fatal(err)
	}
	distinct := map[uint64]bool{}
	for _, sum := range s.Sums {
		distinct[sum] = true
	}
	beyond, far := 0, 0
	for i := range 100 {
		for k := range 64 {
			v := float64(float32(i%50) + float32(k)/64)
			if v > 32 {
				beyond++
			}
			if v > 34 {
				far++
			}
		}
	}
	if s.Low[0] != 0 || s.High[0] != 49+63./64 || len(distinct) != 51 || s.Beyond[0] != beyond || s.Far[0] != far || s.Values[0] != 6400 || s.Elems != 64 {
		t.Errorf("%v to %v, %d distinct, %d beyond (%d), %d far (%d) of %d", s.Low, s.High, len(distinct), s.Beyond, beyond, s.Far, far, s.Values)
	}
}
