package task

import (
	"fmt"
	"time"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/sinks"
	"example.org/demote/internal/stage"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// OpenData opens samples for a network, with labels from another file or without, and sees that they are numbers.
func OpenData(path, labels string, m *onnx.Model, c config.Config, limit int) (*dataset.Set, error) {
	set, err := openSet(path, labels, m, c, limit, false)
	return finite(set, err, m)
}

// OpenCalib opens the calibration samples, of which no boxes and no arrays of labels are read.
func OpenCalib(m *onnx.Model, c config.Config) (*dataset.Set, error) {
	set, err := openSet(c.Calib, "", m, c, 0, true)
	return finite(set, err, m)
}

// finite sees that samples that were opened are numbers.
func finite(set *dataset.Set, err error, m *onnx.Model) (*dataset.Set, error) {
	if err == nil {
		err = set.CheckFinite(sinks.MaskInputs(m)...)
	}
	if err != nil && set != nil {
		set.Close()
		return nil, err
	}
	return set, err
}

// openSet opens samples for a network without reading more of them than that takes. calib: no boxes and no arrays of
// labels are read.
func openSet(path, labels string, m *onnx.Model, c config.Config, limit int, calib bool) (*dataset.Set, error) {
	alike, err := alike(c, m)
	if err != nil {
		return nil, err
	}
	pad, err := padding(c, m)
	if err != nil {
		return nil, err
	}
	set, err := dataset.Open(path, blocks.DataInputs(m), dataset.Options{Spool: c.Spool, Alike: alike, Defaults: defaultNames(m), Begin: blocks.ZeroStates(m), StepLabels: len(m.States) > 0, Pad: pad, Decoded: decoding(path, c), Every: decodeEvery, Labels: labels, Only: onlyKnown(c), Scale: c.Scale, Mean: c.Mean, Std: c.Std, Limit: limit, Seed: c.Draw(),
		Kind: LabelKind(c), Arrays: c.LabelArrays, NoArrays: calib, Ignore: c.IgnoreLabel})
	if err == nil {
		if err := fewShapes(set, path); err != nil {
			set.Close()
			return nil, err
		}
	}
	if err == nil && c.Lists {
		set.HashAside()
	}
	return set, err
}

// decoding tells how far the decoding of a folder of images has come, with the time that the rest will take at the
// same pace: as the stage that reads the data, where one is under way.
func decoding(path string, c config.Config) func(done, total int) {
	begun := time.Now()
	if c.Reading != nil {
		return func(done, total int) { c.Reading.Count("images", done, total, begun) }
	}
	if c.Say == nil {
		return nil
	}
	return func(done, total int) {
		left := stage.AtPace(time.Since(begun), done, total).Round(time.Second)
		c.Say(fmt.Sprintf("%s: %d of %d images decoded, about %v left", path, done, total, left))
	}
}

// decodeEvery is the time between two lines about images that are being decoded.
const decodeEvery = stage.StageEvery

// onlyKnown refuses files that a run has not read, or with other bytes, of a run that is prepared again.
func onlyKnown(c config.Config) func(dataset.FileHash) error {
	if c.Known == nil {
		return nil
	}
	return func(f dataset.FileHash) error {
		for _, in := range c.Known {
			if in.Path != f.Path {
				continue
			}
			if f.SHA256 == "" || f.SHA256 == in.SHA256 {
				return nil
			}
			return mistake.Errorf("%s has changed since the run; put the old files back, or search again", journal.FileText(in))
		}
		return mistake.Errorf("%s was not an input of the run, and such a file is not opened; search again", f.Path)
	}
}
