package task

import (
	"context"
	"math"
	"slices"
	"testing"

	"example.org/demote/internal/tasktest"
)

// TestUnrollReadsFirstSamples holds that lengths are measured without reading all of the calibration data.
func TestUnrollReadsFirstSamples(t *testing.T) {
	cfg := tasktest.NewGraph(30).In("x", nil, 4, 6).Weight("w", 0.5, 6, 5).Do("a = MatMul x w; y = ReduceMax a axes=[1] keepdims=0").Out("y", 5).Config(t)
	x := tasktest.Normals(1, 30*4*6)
	x[len(x)-1] = float32(math.NaN())
	tasktest.WriteArrays(t, cfg.Calib, map[string][]byte{"x": tasktest.FloatsNPY(x, 30, 4, 6)})
	m, err := ReadNetwork(cfg, cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	if dims, err := measureCalib(context.Background(), m, m, false, cfg); err != nil || !slices.Equal(dims["y"], []int64{-1, 5}) || !slices.Equal(dims["a"], []int64{-1, 4, 5}) {
		t.Errorf("%v, %v", dims, err)
	}
}
