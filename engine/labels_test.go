package engine_test

import (
	"path/filepath"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/dataset"
	"example.org/demote/engine"
	"example.org/demote/internal/tasktest"
)

// TestClassesOfSteps holds that every metric of classes gets those of steps.
func TestClassesOfSteps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "e.npz")
	tasktest.WriteArrays(t, path, map[string][]byte{"x": tasktest.FloatsNPY(make([]float32, 8), 2, 2, 2),
		"y": append(tasktest.NPYHeader("|u1", 2, 2), 0, 1, 1, 0)})
	set, err := dataset.Open(path, []dataset.Input{{Name: "x", Dims: []int64{-1, 2, 2}, Type: dataset.Float32}}, dataset.Options{StepLabels: true})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for _, name := range []string{"top1", "f1", "mcc", "auroc", "average-precision", "recall-at-1"} {
		m, err := metric.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		o := backend.Options{Metric: m}
		engine.GiveLabels(&o, set)
		if len(o.Labels) != 4 || o.Labels[1] != 1 || o.Labels[3] != 0 || o.Pixels != nil {
			t.Errorf("%s: classes %v, pixels %v", name, o.Labels, o.Pixels)
		}
	}
}
