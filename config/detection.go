package config

import (
	"strings"

	"example.org/demote/backend/metric"
	"example.org/demote/mistake"
)

// checkDetection refuses flags of boxes that cannot be meant.
func (c Config) checkDetection() error {
	m, _, err := c.NamedMetric()
	if err != nil {
		return err
	}
	boxes := m != nil && m.Detects()
	if !boxes {
		for flag, given := range map[string]bool{"--decode": c.Decode != "", "--anchors": c.Anchors != "", "--nms-score": c.NMSScore != nil, "--nms-iou": c.NMSIoU != nil, "--max-detections": c.MaxDetections != 0} {
			if given {
				return mistake.Errorf("%s is for metrics of boxes: leave it out, or choose --metric map or map50", flag)
			}
		}
		return nil
	}
	switch {
	case c.Decode == "":
		return mistake.Errorf("--metric %s reads boxes: say how the outputs hold them, --decode %s", c.Metric, strings.Join(metric.LayoutNames(), ", "))
	case c.NMSScore != nil && !(*c.NMSScore >= 0 && *c.NMSScore < 1):
		return mistake.Errorf("--nms-score %g: give a score from 0 to below 1", *c.NMSScore)
	case c.NMSIoU != nil && !(*c.NMSIoU > 0 && *c.NMSIoU <= 1):
		return mistake.Errorf("--nms-iou %g: give an overlap above 0, to 1", *c.NMSIoU)
	case c.MaxDetections < 0:
		return mistake.Errorf("--max-detections %d: give a number of boxes above 0", c.MaxDetections)
	}
	d, err := c.Detection()
	switch {
	case err != nil:
	case c.Anchors != "" && !d.Layout.TakesAnchors():
		err = mistake.Errorf("--anchors: --decode %s has none; leave it out", c.Decode)
	case c.Anchors == "" && d.Layout.NeedsAnchors():
		err = mistake.Errorf("--decode %s needs --anchors FILE.csv: a line of middle x, middle y, width, height for each, in pixels of the input", c.Decode)
	case d.Layout == "boxes" && c.NMSIoU != nil:
		err = mistake.Errorf("--nms-iou: with --decode boxes the network has suppressed boxes itself; leave it out")
	}
	return err
}

// Detection is how boxes are read, and which of them count.
func (c Config) Detection() (d metric.Detection, err error) {
	d = metric.DefaultDetection()
	if d.Layout, err = metric.Layout(c.Decode); err != nil {
		return d, err
	}
	if d.Anchors, err = c.anchors(); err != nil {
		return d, err
	}
	if c.NMSScore != nil {
		d.Score = *c.NMSScore
	}
	if c.NMSIoU != nil {
		d.IoU = *c.NMSIoU
	}
	if c.MaxDetections > 0 {
		d.Most = c.MaxDetections
	}
	return d, nil
}
