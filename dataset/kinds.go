package dataset

import (
	"encoding/binary"
	"math"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/mistake"
)

// LabelKind says what the labels of the samples are.
type LabelKind int

const (
	// Classes: one class number per sample.
	Classes LabelKind = iota
	// Pixels: a class number for each pixel of a sample.
	Pixels
	// Values: numbers that the network should give.
	Values
	// AnyKind: labels of any shape and type, which the program hands on to a metric of the user's own and does not read
	// itself; see Set.Own.
	AnyKind
	// Boxes: what a detector should find, see BoxKeys: boxes [m, 5] with x1, y1, x2, y2 in pixels of the input and a
	// class, perhaps crowd and area [m], and offsets.
	Boxes
)

// BoxesHow says what labels of boxes are.
const BoxesHow = "an .npz with boxes [m,5] (x1, y1, x2, y2 in pixels of the input, class) and offsets [n+1]; for a folder of images also COCO's JSON, or a folder of YOLO's txt files"

// mostLabels bounds the labels of a set, in numbers: 4 GiB of memory.
const mostLabels = 1 << 30

// takeLabels reads labels of the kind that is wanted.
func (s *Set) takeLabels(a arrays.Array, n int64, o Options) (err error) {
	if o.Kind == AnyKind {
		return s.takeOwn(a, n)
	}
	if o.Kind == Boxes {
		return mistake.Errorf("%s: labels of boxes are %s", a.What, BoxesHow)
	}
	s.labelDims = a.Shape[1:]
	if o.Kind == Classes && o.StepLabels && len(a.Shape) == 2 && a.Shape[1] > 1 {
		if o.Ignore != nil {
			return mistake.Errorf("%s has a label for each step, and no step of a sequence can be left out: leave out --ignore-label", a.What)
		}
		o.Kind = Pixels
	}
	if o.Kind == Classes {
		s.labels, err = readLabels(a, n, o.Ignore)
		return err
	}
	switch {
	case o.Kind == Pixels && (a.Elem.Float() || a.Elem == Text):
		return mistake.Errorf("%s has %s labels, and labels of pixels are class numbers: save them as integers, or choose %s", a.What, a.Elem, otherThan(Pixels))
	case a.Elem == Text:
		return mistake.Errorf("%s has %s labels, and this metric compares numbers: save them as floating-point numbers, or choose %s", a.What, a.Elem, otherThan(Values))
	case a.Shape[0] != n:
		return mistake.Errorf("%s has shape %s, but there are %d samples: give the labels of every sample", a.What, arrays.Dims(a.Shape), n)
	case arrays.Elements(a.Shape) > mostLabels:
		return mistake.Errorf("%s has shape %s, more than %d labels: use a part of the samples", a.What, arrays.Dims(a.Shape), mostLabels)
	case o.Kind == Pixels && len(a.Shape) < 2:
		return mistake.Errorf("%s has shape %s, one label a sample, and this metric wants one a pixel or a step: save them as [samples, height, width] or [samples, steps], or choose %s", a.What, arrays.Dims(a.Shape), otherThan(Pixels))
	}
	s.perLabel = int(arrays.Elements(a.Shape[1:]))
	if o.Kind == Values {
		s.values = make([]float32, arrays.Elements(a.Shape))
		return arrays.Each(a, Float32, len(s.values), s.perLabel, func(i int, b []byte) error {
			v := math.Float32frombits(binary.LittleEndian.Uint32(b))
			if v-v != 0 { // NaN - NaN and Inf - Inf are NaN
				return mistake.Errorf("%s has label %v for sample %d: correct it", a.What, v, i/s.perLabel)
			}
			s.values[i] = v
			return nil
		})
	}
	s.pixels = make([]int32, arrays.Elements(a.Shape))
	return arrays.Each(a, Int32, len(s.pixels), s.perLabel, func(i int, b []byte) error {
		v := int32(binary.LittleEndian.Uint32(b))
		if v < 0 && (o.Ignore == nil || *o.Ignore != int64(v)) {
			return mistake.Errorf("%s has label %d for a pixel of sample %d, and classes are numbered from 0: correct it, or name it with --ignore-label", a.What, v, i/s.perLabel)
		}
		if o.Ignore != nil && *o.Ignore == int64(v) {
			s.ignored++
		}
		s.pixels[i] = v
		return nil
	})
}

// leaveOut drops the samples with the ignored label.
func (s *Set) leaveOut(ignore int64) error {
	var rest []int
	for i, l := range s.labels {
		if l != ignore {
			rest = append(rest, i)
		}
	}
	s.ignored = s.samples - len(rest)
	switch len(rest) {
	case 0:
		return mistake.Errorf("%s: every sample has the label %d, which is ignored", s.path, ignore)
	case s.samples:
		return nil
	}
	s.keep(rest)
	return nil
}

// Pixels returns the labels of the pixels of each sample, one sample after another, as many of each as LabelDims says;
// nil without. The caller does not change them.
func (s *Set) Pixels() []int32 { return s.pixels }

// Values returns the numbers that the network should give for each sample, one sample after another, as many of each as
// LabelDims says; nil without. The caller does not change them.
func (s *Set) Values() []float32 { return s.values }

// Ignored is how many samples of the data have the ignored label, or how many pixels.
func (s *Set) Ignored() int { return s.ignored }

// Labelled tells whether the set has labels of any kind.
func (s *Set) Labelled() bool {
	return s.labels != nil || s.pixels != nil || s.values != nil || s.own != nil
}

// LabelDims is the shape of one sample's pixels or values. The caller does not change it.
func (s *Set) LabelDims() []int64 { return s.labelDims }

// otherThan names the metrics that can do with labels that those of a kind cannot.
func otherThan(kind LabelKind) string {
	list := ""
	for k, names := range []string{Classes: "top1, top5 or f1 for one class a sample", Pixels: "pixel-accuracy or miou for a class a pixel",
		Values: "label-mse or label-mae for numbers that the output should have"} {
		if LabelKind(k) != kind {
			list += "--metric " + names + ", "
		}
	}
	return list + "or --metric-cmd, which takes labels of any shape and type"
}
