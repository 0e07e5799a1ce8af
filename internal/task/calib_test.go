package task_test

import (
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
)

// TestCalibrationNeedsNoArrays holds that calibration samples may lack arrays of labels, and have boxes that say
// nothing, both of which evaluation samples may not.
func TestCalibrationNeedsNoArrays(t *testing.T) {
	for name, choose := range map[string]func(*config.Config){
		"arrays": func(c *config.Config) { c.MetricCmd, c.LabelArrays = "true", []string{"boxes", "rows"} },
		"boxes":  func(c *config.Config) { c.Metric, c.Decode = "map50", "yolov8" },
	} {
		c := tasktest.NewGraph(20).In("boxes", nil, 4).Weight("w", 1, 4, 5).Do("y = MatMul boxes w").Out("y", 5).Config(t)
		choose(&c)
		m, err := task.ReadNetwork(c, c.Model)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := task.OpenData(c.Calib, "", m, c, 0); err == nil {
			t.Errorf("%s: %d evaluation samples are opened", name, s.Len())
			s.Close()
		}
		s, err := task.OpenCalib(m, c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s.Len() != 20 || s.Own() != nil {
			t.Errorf("%s: %d samples, with the labels %v", name, s.Len(), s.Own())
		}
		s.Close()
	}
}
