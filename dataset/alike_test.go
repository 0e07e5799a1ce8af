package dataset

import (
	"os"
	"path/filepath"
	"testing"
)

// TestAlike reads an input whose value is given beside samples of another one, from a file that has one array.
func TestAlike(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(path, npyBytes("<f4", false, []int{2, 1}, []float32{0, 1}), 0o666); err != nil {
		t.Fatal(err)
	}
	inputs := []Input{{Name: "h", Dims: []int64{-1, 3}, Type: Uint8}, {Name: "x", Dims: []int64{-1, 1}, Type: Float32}}
	set, err := Open(path, inputs, Options{Scale: []float32{2}, Alike: map[string][]byte{"h": {1, 2, 3}}})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	h, x := make([]byte, 3), make([]byte, 4)
	for sample := range 2 {
		if err := set.Read(0, sample, h); err != nil || h[0] != 1 || h[1] != 2 || h[2] != 3 {
			t.Errorf("sample %d: h is %v, %v", sample, h, err)
		}
	}
	if err := set.Read(1, 1, x); err != nil || x[3] != 64 { // 2
		t.Errorf("x is %v, %v", x, err)
	}
	if set.Len() != 2 || set.Shape(0)[0] != 3 || set.CheckFinite() != nil {
		t.Error("the set is not whole")
	}
}
