package metric

import (
	"fmt"
	"slices"

	"example.org/demote/mistake"
)

// Check holds labels, references and the output's shape against what the metric needs. It comes behind Read.
func (j *Scorer) Check() error {
	m := j.metric
	if j.parts != nil && !m.several {
		return mistake.Errorf("metric %s reads one output, and --output names %d: name one, or choose a --metric-cmd or a --metric with --decode boxes", m.Name, len(j.parts))
	}
	if m.NeedsReference && len(j.truth.Reference) != j.samples*j.Length() {
		return fmt.Errorf("metric: %d reference values for %d samples of %d", len(j.truth.Reference), j.samples, j.Length())
	}
	if needs := m.Countable || m.ChecksClasses(); needs && !m.custom && !j.oneClassAxis() {
		return mistake.Errorf("metric %s needs an output [samples, classes]; %s is %v: name another --output, or choose %s", m.Name, j.output, j.dims, otherThan(ClassLabels))
	}
	if !m.NeedsLabels {
		return nil
	}
	if err := j.checkLabels(); err != nil {
		return err
	}
	if m.folds != nil && m.Labels == PixelLabels && j.labelled == nil {
		if j.labelled = j.truth.Labelled; j.labelled == nil {
			j.labelled = make([]int64, j.classes())
			j.countPixels(m.options, j.labelled)
		}
	}
	if m.folds != nil && m.Labels == PixelLabels && len(j.labelled) != j.classes() {
		return fmt.Errorf("metric: labels of %d classes, and output %s has %d", len(j.labelled), j.output, j.classes())
	}
	if w := m.options.Weights; w != nil && !m.options.Partly && len(w) != j.classes() {
		return mistake.Errorf("metric %s: %d weights for %d classes: give one for each class of output %s", m.Name, len(w), j.classes(), j.output)
	}
	return nil
}

// nothingCounts refuses labels of which none counts.
func nothingCounts(m *Metric) error {
	return mistake.Errorf("metric %s: nothing counts: every label is ignored or has a weight of 0", m.Name)
}

// checkLabels holds labels against the output.
func (j *Scorer) checkLabels() error {
	m := j.metric
	switch m.Labels {
	case PixelLabels:
		return j.checkPixels()
	case ValueLabels:
		if d := j.truth.LabelDims; m.Name == "ssim" && (len(d) < 2 || d[len(d)-1] < ssimSide || d[len(d)-2] < ssimSide) {
			return mistake.Errorf("metric ssim compares images of %d x %d pixels or more, and a sample's labels are %v: choose --metric psnr", ssimSide, ssimSide, d)
		}
		if (m.Name == "ssim" || m.Name == "psnr") && j.labelRange() == 0 {
			return mistake.Errorf("metric %s goes by the range of the labels, and all of them are %v: choose --metric label-mse", m.Name, j.truth.Values[0])
		}
		if len(j.truth.Values) != j.samples*j.Judged()*j.row && !m.custom {
			return mistake.Errorf("metric %s compares %d numbers a sample, as output %s has them, and the labels have %d: save labels of the output's shape, or choose %s",
				m.Name, j.Judged()*j.row, j.output, len(j.truth.Values)/j.samples, otherThan(ValueLabels))
		}
		return nil
	case TokenLabels:
		if m.custom {
			return nil
		}
		return j.checkTokens()
	case BoxLabels:
		if m.custom {
			return nil
		}
		return j.checkBoxes()
	case OwnLabels:
		if j.truth.Own == nil {
			return mistake.Errorf("metric %s needs labels and the data has none: add y, or use --metric agreement", m.Name)
		}
		return nil
	}
	if j.truth.Labels == nil {
		return mistake.Errorf("metric %s needs labels and the data has none: add y, or use --metric agreement", m.Name)
	}
	if len(j.truth.Labels) != j.samples*j.Judged() {
		if j.steps > 1 {
			return mistake.Errorf("%d labels for %d samples of %d steps: give one a step, [samples, steps], or one a sample, which is that of its last step", len(j.truth.Labels), j.samples, j.steps)
		}
		return mistake.Errorf("%d labels for %d samples", len(j.truth.Labels), j.samples)
	}
	classes := j.row
	if m.labelled != nil {
		classes = m.labelled(j.row)
	}
	for i, l := range j.truth.Labels {
		if !m.custom && (l < 0 || l >= int64(classes)) {
			return mistake.Errorf("label %d of sample %d is out of range: output %s has classes 0 to %d", l, i/j.Judged(), j.output, classes-1)
		}
	}
	return nil
}

// oneClassAxis tells whether the output has one axis beside that of the samples, but for axes of size 1.
func (j *Scorer) oneClassAxis() bool {
	return len(j.dims) == 2 || len(j.dims) > 0 && slices.ContainsFunc(j.dims[1:], func(d int64) bool { return int(d) == j.row })
}

// otherThan names the metrics that can do with labels or outputs that those of a kind cannot.
func otherThan(kind LabelKind) string {
	list := "--metric "
	if kind != ClassLabels {
		list += "top1, top5 or f1 for one class a sample, "
	}
	if kind != PixelLabels {
		list += "pixel-accuracy or miou for a class a pixel, "
	}
	if kind != ValueLabels {
		list += "label-mse or label-mae for numbers that the output should have, "
	}
	return list + "sqnr, cosine or mse for no labels, or --metric-cmd, which takes labels and outputs of any shape"
}

// checkTokens holds labels of tokens against an output [samples, steps, classes].
func (j *Scorer) checkTokens() error {
	m := j.metric
	if len(j.dims) < 3 || j.steps > 1 {
		return mistake.Errorf("metric %s needs an output [samples, steps, classes]; %s is %v: name another --output, or choose --metric top1", m.Name, j.output, j.dims)
	}
	classes, per := j.dims[len(j.dims)-1], len(j.truth.Pixels)/max(1, j.samples)
	if spells := m.Name == "cer" || m.Name == "wer"; !spells && per != j.perSample() {
		return mistake.Errorf("metric %s compares %d labels a sample, as output %s is %v, and the labels have %d: save one for each step, or choose --metric cer", m.Name, j.perSample(), j.output, j.dims, per)
	} else if blank := m.options.Blank; spells && (blank < 0 || int64(blank) >= classes) {
		return mistake.Errorf("--blank %d: output %s has classes 0 to %d", blank, j.output, classes-1)
	}
	for i, l := range j.truth.Pixels {
		if (l < 0 || int64(l) >= classes) && m.options.counts(l) {
			return mistake.Errorf("label %d of sample %d is out of range: output %s has classes 0 to %d; correct it, or name it with --ignore-label", l, i/per, j.output, classes-1)
		}
	}
	return nil
}

// checkPixels holds labels of pixels against an output [samples, classes, ...].
func (j *Scorer) checkPixels() error {
	m := j.metric
	if m.custom {
		return nil
	}
	if len(j.dims) < 3 {
		return mistake.Errorf("metric %s needs an output [samples, classes, height, width]; %s is %v: name another --output, or choose %s", m.Name, j.output, j.dims, otherThan(PixelLabels))
	}
	per := j.perSample() * j.Judged()
	if last := len(j.dims) - 1; len(j.truth.Pixels) != j.samples*per && int64(len(j.truth.Pixels))*j.dims[last] == int64(j.samples*per)*j.dims[1] {
		order := fmt.Sprint("0, ", last)
		for axis := 1; axis < last; axis++ {
			order += fmt.Sprint(", ", axis)
		}
		return mistake.Errorf("metric %s needs an output [samples, classes, height, width]; output %s is %v, and by the labels its classes are the last axis: export it with them behind the samples, y.permute(%s)",
			m.Name, j.output, j.dims, order)
	}
	if len(j.truth.Pixels) != j.samples*per {
		return mistake.Errorf("metric %s compares %d pixels a sample, as output %s is %v, and the labels have %d: save labels of the output's size, or choose %s",
			m.Name, per, j.output, j.dims, len(j.truth.Pixels)/j.samples, otherThan(PixelLabels))
	}
	for i, l := range j.truth.Pixels {
		if (l < 0 || int64(l) >= j.dims[1]) && m.options.counts(l) {
			return mistake.Errorf("label %d of a pixel of sample %d is out of range: output %s has classes 0 to %d; correct it, or name it with --ignore-label",
				l, i/(j.perSample()*j.Judged()), j.output, j.dims[1]-1)
		}
	}
	return nil
}
