package calibrate_test

import (
	"context"
	"math"
	"testing"

	"example.org/demote/internal/calibrate"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
)

// TestChannels holds the channels of all holders' tensors against the ranges of a calibration: the largest absolute
// value of all channels is that of the tensor, on either axis.
func TestChannels(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 20)
	m, err := onnx.Read(cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	n, err := onnx.Prepare(m, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := task.OpenData(cfg.Calib, "", m, cfg, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	how, err := cfg.Filled().Calibration()
	if err != nil {
		t.Fatal(err)
	}
	grids, err := calibrate.Run(context.Background(), n, data, how)
	if err != nil {
		t.Fatal(err)
	}
	for _, axis := range []int{1, -1} {
		axes := map[string]int{}
		for _, h := range n.Holders {
			if h.Producer != "" {
				axes[h.Tensor] = axis
			}
		}
		seen, err := calibrate.Channels(context.Background(), n, data, how, axes)
		if err != nil || len(seen) != len(axes) {
			t.Fatalf("%d tensors of %d, %v", len(seen), len(axes), err)
		}
		for i, h := range n.Holders {
			list, most, uneven := seen[h.Tensor], 0.0, false
			for _, c := range list {
				most = max(most, c.Most)
				uneven = uneven || c.Most != list[0].Most
				if math.Abs(c.Mean) > c.Most || c.Mean == 0 && c.Most > 0 {
					t.Errorf("%s: a channel of mean %g and at most %g", h.Tensor, c.Mean, c.Most)
				}
			}
			if want := math.Max(float64(grids.Seen[i].Max), -float64(grids.Seen[i].Min)); h.Producer != "" && (most != want || !uneven) {
				t.Errorf("%s, axis %d: at most %g in %d channels, the tensor %g", h.Tensor, axis, most, len(list), want)
			}
		}
	}
}
