package quantize

import (
	"math"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/quant"
)

// biasCodes is how large the codes of a bias may become: a little less than int32 holds, so that no rounding of
// float32 takes one over it.
const biasCodes = 1<<31 - 1<<20

// weightScales are the least scales that the channels of weights may have, by initializer and axis: those at which
// the layer's bias fits int32.
type weightScales map[string]map[int][]float32

// scalesForBiases finds the least scales of weights. A runtime makes int32 of a float bias, at the scale of the
// layer's input times that of the channel's weights, also where it is not told to; with weights near zero (a channel
// that training has switched off) the codes overflow, and the layer's results are garbage. Such a channel gets a
// wider scale, at the finer of its input's two grids, or beside bfloat16 at one of 16 bits, as ONNX Runtime's own
// quantizer widens it (onnxruntime/python/tools/quantization/ base_quantizer.py,
// _adjust_weight_scale_for_int32_bias). The weights that lose precision by it add less to the results than one step of
// the input's grid does.
func scalesForBiases(n *network.Network, x *ir.Index, records []quant.Record) (weightScales, error) {
	least := make(weightScales)
	holders := n.ByTensor()
	for _, nd := range x.Nodes() {
		u, ok := biasOf(n, x, nd)
		if !ok {
			continue
		}
		from := ir.Source(x, u.from, func(t string) bool { _, ok := holders[t]; return ok })
		if from == "" {
			continue
		}
		bias, err := ir.Floats(x.Initializer(ir.Input(u.node, u.input)))
		if err != nil {
			return nil, err
		}
		r := records[holders[from]]
		step := r.High.Scale
		if r.High.Width() == quant.Half { // which has none: as 16 bits have, since a finer low grid may be chosen later
			step = r.Low.Scale * float32(r.Low.Max-r.Low.Min) / (1<<16 - 1)
		}
		step = min(step, r.Low.Scale)
		for _, w := range weightUses(x, u.layer) {
			if w.input == 1 {
				least.widen(ir.Input(u.layer, 1), w.axis, x.Initializer(ir.Input(u.layer, 1)).GetDims(), bias, step)
			}
		}
	}
	return least, nil
}

// widen takes a bias into account that is added to what a layer makes of these weights.
func (s weightScales) widen(weights string, axis int, dims []int64, bias []float32, step float32) {
	channels := 1
	if axis >= 0 {
		channels = int(dims[axis])
	}
	if s[weights] == nil {
		s[weights] = make(map[int][]float32)
	}
	least := s[weights][axis]
	if least == nil {
		least = make([]float32, channels)
		s[weights][axis] = least
	}
	for i := range max(len(bias), channels) { // one bias may be that of all channels, one channel that of all biases
		b := math.Abs(float64(bias[i%len(bias)]))
		if math.IsNaN(b) || math.IsInf(b, 0) {
			continue // no bias at all: others refuse it
		}
		scale := math.Max(b/biasCodes, ir.LeastNormal*(1+0x1p-20)) / float64(step)
		if c := i % channels; scale > float64(least[c]) {
			least[c] = float32(scale)
		}
	}
}

// of returns the least scales of an initializer's channels along an axis; nil: there are none.
func (s weightScales) of(name string, axis int) []float32 { return s[name][axis] }
