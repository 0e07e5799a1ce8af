package question

import (
	"context"
	"fmt"
	"math"
	"slices"

	"example.org/demote/internal/calibrate"
	"example.org/demote/internal/record"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// farWider is how many times as wide as its values a range is before outliers of the calibration are to blame.
const farWider = 16

// holderCure says of a holder to blame what range it has and what the data hold, and what to type.
func (s *Questions) holderCure(ctx context.Context, name string, few *picked) (text, cure string, err error) {
	cure = "give more samples with --calib, like those of --data"
	if s.Config.RangeHigh != string(quant.MinMax) {
		cure = "try --range-high minmax, and " + cure
	}
	for _, h := range s.Network.Holders {
		if h.Name != name {
			continue
		}
		if s.Records[h.Index].High.Width() == quant.Half { // which has no range
			return ": bf16 keeps 8 bits of a value's mantissa", fmt.Sprintf("search with --bits %d,16, which resolve a narrow range better", s.Records[h.Index].Low.Bits), nil
		}
		high := record.Grid(s.Records[h.Index].High)
		text = fmt.Sprintf(": its %s range is %.4g to %.4g", record.Precision(s.Records[h.Index].High), high.Min, high.Max)
		data, ok, err := s.rangeOf(ctx, h, few)
		if err != nil || !ok {
			return text, cure, err
		}
		text += fmt.Sprintf(", its values in the data %.4g to %.4g", data.Min, data.Max)
		low, most := float64(min(data.Min, 0)), float64(max(data.Max, 0)) // every grid holds 0
		switch inside := low >= high.Min && most <= high.Max; {
		case !inside:
		case high.Max-high.Min <= farWider*(most-low):
			text += fmt.Sprintf(", and its steps of %.3g are too wide for the small ones among them", high.Scale)
			wider := "bf16"
			if s.Records[h.Index].High.Bits < 16 {
				wider = "16"
			}
			cure = fmt.Sprintf("bring parts of different size, such as columns in other units, to one size before they are one tensor, or search with --bits %d,%s", s.Records[h.Index].Low.Bits, wider)
		case s.Config.RangeHigh != string(quant.Percentile):
			cure = "leave samples with far values out of --calib, or cut those off with --range-high percentile"
		}
	}
	return text, cure, nil
}

// rangeOf is the lowest and highest finite value of a holder in the float network, on some samples of the data. It is
// not known of a tensor that the file does not have on its top level: inside a function, or a branch of If that is
// always taken.
func (s *Questions) rangeOf(ctx context.Context, h onnx.Holder, few *picked) (quant.Range, bool, error) {
	if h.Producer != "" && !slices.Contains(s.FloatModel.Computed(), h.Tensor) {
		return quant.Range{}, false, nil
	}
	n := *s.Network
	n.Model = s.FloatModel
	h.Index = 0
	n.Holders = []onnx.Holder{h}
	return calibrate.FiniteRange(ctx, &n, few, s.Config.Alone != "")
}

// weightsCure names the layer whose weights' grids alone make most of the noise, found as blame finds a holder, and
// what to type. all is the signal to noise with all of them.
func (s *Questions) weightsCure(ctx context.Context, few *picked, want []float32, all float64) (text, cure string, err error) {
	cure = "quantize the network with a tool that equalizes the channels of weights, and give its two files with --low and --high"
	was := map[string]*onnxpb.TensorProto{}
	for _, t := range s.FloatModel.Graph().GetInitializer() {
		was[t.GetName()] = t
	}
	reads := map[string]string{} // by weight: the first layer, which need not have a name
	var list []string
	for _, n := range s.Network.Model.Graph().GetNode() {
		for _, in := range n.GetInput() {
			if _, known := reads[in]; !known && s.Network.Weights[in] != nil && was[in] != nil {
				reads[in] = n.GetName()
				list = append(list, in)
			}
		}
	}
	if len(list) == 0 {
		return "", cure, nil
	}
	of := func(some []string) (float64, error) {
		n := *s.Network
		n.Model = s.Network.Model.Clone()
		g := n.Model.Graph()
		for i, t := range g.GetInitializer() {
			if _, read := reads[t.GetName()]; read && !slices.Contains(some, t.GetName()) {
				g.Initializer[i] = was[t.GetName()]
			}
		}
		got, err := s.rowsWith(ctx, &n, nil, few)
		if err != nil {
			return 0, err
		}
		return sqnrOf(want, got), nil
	}
	worst, v, err := noisiest(list, all, of)
	if err != nil {
		return "", cure, err
	}
	if s.Network.Weights[worst].Bits() < 16 && s.Config.Model != "" && !s.Config.HasEncodings() {
		cure = fmt.Sprintf("give it wider weights with --weight-bits %s=16, or ", worst) + cure
	}
	layer := ""
	if reads[worst] != "" {
		layer = " of layer " + reads[worst]
	}
	return fmt.Sprintf(", most of all %s%s, %.3g dB alone", worst, layer, v), cure, nil
}

// noisiest halves a list again and again, and goes on with the half that makes most of the noise. all is the signal
// to noise with all of it, in dB, and of that with a part.
func noisiest[T any](list []T, all float64, of func([]T) (float64, error)) (one T, v float64, err error) {
	noise := func(v float64) float64 { return math.Pow(10, -v/10) } // of the signal
	left := noise(all)
	for len(list) > 1 {
		half := list[:len(list)/2]
		if v, err = of(half); err != nil {
			return one, 0, err
		}
		if first := noise(v); first >= left/2 {
			list, left = half, first
		} else { // what the others make of it has not to be run: noise adds up, near enough for a choice
			list, left = list[len(half):], left-first
		}
	}
	v, err = of(list)
	return list[0], v, err
}
