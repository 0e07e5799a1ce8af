package metric

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/detect"
	"example.org/demote/mistake"
)

// A Detection says how boxes are read out of a network's outputs, and which of them count.
type Detection struct {
	Layout detect.Layout
	detect.Suppression
	detect.View
}

// DefaultDetection has the suppression of COCO's evaluation, and no layout.
func DefaultDetection() Detection { return Detection{Suppression: detect.COCO} }

// detects makes the metric of one of detect.Measures. It has no layout before Detecting gives it one.
func detects(name string) *Metric {
	measure := detect.Measures[name]
	return &Metric{Name: name, Fraction: true, NeedsLabels: true, Labels: BoxLabels, Best: 1, gain: nothing, several: true,
		outcome: func(j *Scorer, row []float32, sample int) bounds.Outcome { return j.boxOutcome(measure, row, sample) },
		folds:   func(judges []*Scorer) (bounds.Fold, error) { return newBoxFold(measure, judges) },
		margin: func(j *Scorer, _ []float32, sample int, v Verdict) float64 {
			return 0 - j.boxLoss(measure, v.Outcome, sample)
		},
	}
}

// Detects tells whether the metric judges boxes, so that it needs Detecting.
func (m *Metric) Detects() bool { return m.NeedsLabels && m.Labels == BoxLabels && !m.custom }

// EndsLate tells whether bounds end evaluations late: mean average precision can rise as long as objects are left.
func (m *Metric) EndsLate() bool { return m.Detects() }

// Detecting is the metric with a layout.
func (m *Metric) Detecting(d Detection) *Metric {
	c := *m
	c.detection = &d
	return &c
}

// On is the metric of boxes for images of a size, in pixels; 0: not known.
func (m *Metric) On(width, height int) *Metric {
	d := *m.detection
	d.Width, d.Height = width, height
	return m.Detecting(d)
}

// boxesOf are the boxes of a sample's row that count.
func (j *Scorer) boxesOf(row []float32) []detect.Found {
	d := j.metric.detection
	list := j.reader.Read(nil, row, d.Score)
	if j.reader.Suppressed() {
		return d.Best(list)
	}
	return d.Keep(list)
}

// checkBoxes holds labels of boxes against the output, and reads them.
func (j *Scorer) checkBoxes() (err error) {
	m, d := j.metric, j.metric.detection
	if d == nil {
		return mistake.Errorf("metric %s needs --decode: choose one of %s", m.Name, strings.Join(LayoutNames(), ", "))
	}
	if j.steps > 1 {
		return mistake.Errorf("metric %s reads images, and samples have steps: leave out --state, or choose another --metric", m.Name)
	}
	outputs, text := [][]int64{j.dims[1:]}, fmt.Sprintf("%s is %v", j.output, j.dims)
	if j.parts != nil {
		outputs = nil
		var list []string
		for _, p := range j.parts {
			outputs, list = append(outputs, p.Dims), append(list, fmt.Sprintf("%s has %v a sample", p.Name, p.Dims))
		}
		text = strings.Join(list, ", ")
	}
	if j.reader, err = detect.NewReader(d.Layout, outputs, d.View); err != nil {
		return mistake.Errorf("metric %s with --decode %s %w; %s: name another --output, or another --decode", m.Name, d.Layout, err, text)
	}
	if j.boxes, err = wantedBoxes(j.truth.Own, j.samples); err != nil {
		return err
	}
	j.objects = map[int32]int{}
	for i, list := range j.boxes {
		detect.Measures[m.Name].Count(list, j.objects)
		for k, w := range list {
			if n := j.reader.Classes(); n > 0 && int(w.Class) >= n {
				return mistake.Errorf("box %d of sample %d has class %d, and output %s has classes 0 to %d: correct it, or name another --decode", k, i, w.Class, j.output, n-1)
			}
		}
	}
	return nil
}

// LayoutNames lists what --decode may be.
func LayoutNames() (names []string) {
	for _, l := range detect.Layouts {
		names = append(names, string(l))
	}
	return names
}

// Layout returns a layout by its name.
func Layout(name string) (detect.Layout, error) {
	for _, l := range detect.Layouts {
		if string(l) == name {
			return l, nil
		}
	}
	return "", mistake.Errorf("--decode %s: choose one of %s", name, strings.Join(LayoutNames(), ", "))
}

// wantedBoxes reads the labels boxes, crowd and area of so many samples.
func wantedBoxes(own []LabelArray, samples int) ([][]detect.Wanted, error) {
	if len(own) == 0 || own[0].Offsets == nil {
		return nil, mistake.Errorf("metrics of boxes need labels, and the data has none: add boxes [m,5] and offsets [n+1]")
	}
	boxes, rows := &own[0], int(own[0].Offsets[samples])
	list := make([][]detect.Wanted, samples)
	for i := range samples {
		for at := boxes.Offsets[i]; at < boxes.Offsets[i+1]; at++ {
			value := func(k int) float64 {
				return float64(math.Float32frombits(binary.LittleEndian.Uint32(boxes.Data[20*int(at)+4*k:])))
			}
			x, y := value(0), value(1)
			w := detect.Wanted{Box: detect.Box{X: x, Y: y, W: value(2) - x, H: value(3) - y}, Class: int32(value(4))}
			w.Area = w.W * w.H
			for k := range own[1:] {
				switch more := &own[1+k]; more.Name {
				case "crowd":
					w.Crowd = more.number(int(at), rows) != 0
				case "area":
					w.Area = more.number(int(at), rows)
				}
			}
			list[i] = append(list[i], w)
		}
	}
	return list, nil
}

// number is one of so many numbers of an array.
func (a *LabelArray) number(at, of int) float64 {
	size := len(a.Data) / of
	b := a.Data[at*size : (at+1)*size]
	switch {
	case a.Descr == "<f8":
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	case a.Descr == "<f4":
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	v := uint64(0) // an integer, or a bool
	for k := size - 1; k >= 0; k-- {
		v = v<<8 | uint64(b[k])
	}
	return float64(v)
}
