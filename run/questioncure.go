package run

import (
	"context"
	"fmt"
	"math"

	"demote/onnx"
	"demote/onnx/onnxpb"
	"demote/quant"
)

// farWider is how many times as wide as its values a range is before outliers of the calibration are to blame.
const farWider = 16

// holderCure says of a holder to blame what range it has and what the data hold, and what to type.
func (s *searching) holderCure(ctx context.Context, name string, few *picked) (text, cure string, err error) {
	cure = "give more samples with --calib, like those of --data"
	if s.config.RangeHigh != string(quant.MinMax) {
		cure = "try --range-high minmax, and " + cure
	}
	for _, h := range s.network.Holders {
		if h.Name != name {
			continue
		}
		high := gridResult(s.records[h.Index].High)
		text = fmt.Sprintf(": its %s range is %.4g to %.4g", precision(s.records[h.Index].High), high.Min, high.Max)
		data, ok, err := s.rangeOf(ctx, h, few)
		if err != nil || !ok {
			return text, cure, err
		}
		text += fmt.Sprintf(", its values in the data %.4g to %.4g", data.Min, data.Max)
		low, most := float64(min(data.Min, 0)), float64(max(data.Max, 0)) // every grid holds 0
		inside := low >= high.Min && most <= high.Max
		if inside && high.Max-high.Min > farWider*(most-low) && s.config.RangeHigh != string(quant.Percentile) {
			cure = "leave samples with far values out of --calib, or cut those off with --range-high percentile"
		}
	}
	return text, cure, nil
}

// rangeOf is the lowest and highest finite value of a holder in the float network, on some samples of the data.
func (s *searching) rangeOf(ctx context.Context, h onnx.Holder, few *picked) (quant.Range, bool, error) {
	n := *s.network
	n.Model = s.prepared.float
	h.Index = 0
	n.Holders = []onnx.Holder{h}
	o := quant.NewObserver(quant.MinMax, quant.MinMax)
	o.IgnoreNonFinite = true
	c := s.config
	c.AllowNaN = true
	if err := observe(ctx, &n, few, []*quant.Observer{o}, fills{nil}, c); err != nil {
		return quant.Range{}, false, err
	}
	r, err := o.Range(quant.MinMax, quant.Asymmetric, 8)
	return r, err == nil, nil // without a finite value there is no range
}

// weightsCure names the layer whose weights lose most on their grids, and what to type.
func (s *searching) weightsCure() (text, cure string, err error) {
	cure = "quantize the network with a tool that equalizes the channels of weights, and give its two files with --low and --high"
	was := map[string]*onnxpb.TensorProto{}
	for _, t := range s.prepared.float.Graph().GetInitializer() {
		was[t.GetName()] = t
	}
	now := map[string]*onnxpb.TensorProto{}
	for _, t := range s.network.Model.Graph().GetInitializer() {
		now[t.GetName()] = t
	}
	layer, weight, least := "", "", math.Inf(1)
	for _, n := range s.prepared.float.Graph().GetNode() {
		for _, in := range n.GetInput() {
			if was[in] == nil || now[in] == nil || s.network.Weights[in] == nil {
				continue
			}
			want, err := onnx.Floats(was[in])
			if err != nil {
				return "", "", err
			}
			got, err := onnx.Floats(now[in])
			if err != nil {
				return "", "", err
			}
			if v := sqnrOf(want, got); len(got) == len(want) && v < least {
				layer, weight, least = n.GetName(), in, v
			}
		}
	}
	if weight != "" {
		text = fmt.Sprintf(": %s of layer %s lose most, %.3g dB themselves", weight, layer, least)
	}
	return text, cure, nil
}
