package mctq

import (
	"math"
	"slices"

	"example.org/demote/internal/external"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/quantize"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// weightArity is the number of inputs of every operator that quantizes a weight: the weight, then its parameters.
var weightArity = map[string]int{
	"WeightsPOTQuantizer": 2, "WeightsSymmetricQuantizer": 2, "WeightsUniformQuantizer": 3,
	"WeightsLUTPOTQuantizer": 3, "WeightsLUTSymmetricQuantizer": 3,
}

// mctqWeights computes every weight quantizer of a model once: its result becomes an initializer of the name that the
// node gave it. It returns the weights whose values lie on int8 grids.
func mctqWeights(m *ir.Model, f quant.Formula) (map[string]*network.Weight, error) {
	x, err := ir.NewIndex(m)
	if err != nil {
		return nil, err
	}
	g := m.Graph()
	weights := make(map[string]*network.Weight)
	gone := make(map[ir.Node]bool)
	for _, n := range x.Nodes() {
		if !ir.IsMCTQ(n) || isMCTQActivation(n) {
			continue
		}
		w, err := newWeightGrid(x, n)
		if err != nil {
			return nil, err
		}
		name := ir.Output(n, 0)
		values, codes, scales, err := w.quantize(f)
		if err != nil {
			return nil, mistake.Errorf("%s: %w", ir.NodeName(n), err)
		}
		g.Initializer = append(g.Initializer, ir.TakeFloats(name, w.dims, values))
		external.LetGo(x.Constant(ir.Input(n, 0)).GetRawData())
		if codes != nil {
			weights[name] = &network.Weight{Tensor: name, Dims: w.dims, Axis: w.axis, Codes: codes, Scales: scales}
		}
		gone[n] = true
	}
	quantize.DropNodes(m, gone)
	return weights, nil
}

// weightGrid is a weight with the parameters of its quantizer; those of channel c are element c, or element 0 where
// there is one for the whole tensor (axis -1).
type weightGrid struct {
	op     string
	values []float32
	dims   []int64
	axis   int
	bits   int
	lo, hi []float32 // the thresholds, or the ends of the ranges
	lut    []float32
	lutBit int
	eps    float32
}

// newWeightGrid reads a weight quantizer. Errors name node and attribute or input.
func newWeightGrid(x *ir.Index, n ir.Node) (*weightGrid, error) {
	op := n.GetOpType()
	arity, ok := weightArity[op]
	if !ok {
		return nil, mistake.Errorf("%s: unknown operator of %s", ir.NodeName(n), ir.MCTQDomain)
	}
	if len(n.GetInput()) != arity || len(n.GetOutput()) != 1 || ir.Output(n, 0) == "" {
		return nil, mistake.Errorf("%s: %d inputs and %d outputs instead of %d and 1", ir.NodeName(n), len(n.GetInput()), len(n.GetOutput()), arity)
	}
	a := &attributes{node: n}
	w := &weightGrid{op: op, axis: -1, bits: int(a.integer("num_bits", 1, network.MaxBits))}
	perChannel := a.integer("per_channel", 0, 1) == 1
	axis := a.integer("channel_axis", math.MinInt32, math.MaxInt32)
	lut := op == "WeightsLUTPOTQuantizer" || op == "WeightsLUTSymmetricQuantizer"
	if lut {
		w.lutBit, w.eps = int(a.integer("lut_values_bitwidth", 2, network.MaxBits)), a.float("eps")
	}
	if op != "WeightsUniformQuantizer" && a.integer("signed", 0, 1) == 0 {
		a.fail("attribute \"signed\" is 0: only signed weights are known")
	}
	operands := make([][]float32, arity)
	for i, name := range n.GetInput() {
		t := x.Constant(name)
		if t == nil {
			a.fail("input %d, %q, is no constant", i, name)
			break
		}
		if ir.DType(t.GetDataType()) != ir.Float {
			a.fail("input %d, %q, is of type %s, not FLOAT", i, name, ir.DType(t.GetDataType()))
			break
		}
		values, err := ir.Floats(t)
		if err != nil {
			return nil, mistake.Errorf("%s: %w", ir.NodeName(n), err)
		}
		if i := slices.IndexFunc(values, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }); i >= 0 {
			a.fail("%q holds %g at element %d", name, values[i], i)
		}
		if i == 0 {
			w.dims = t.GetDims()
		}
		operands[i] = values
	}
	if a.err != nil {
		return nil, a.err
	}
	w.values, w.lo, w.hi = operands[0], operands[arity-1], operands[arity-1]
	if op == "WeightsUniformQuantizer" {
		w.lo = operands[1]
	}
	if lut {
		w.lut = operands[1]
	}
	if perChannel {
		var err error
		if w.axis, err = ir.AxisOf(axis, len(w.dims)); err != nil {
			return nil, mistake.Errorf("%s: attribute \"channel_axis\": %w", ir.NodeName(n), err)
		}
	}
	return w, w.check(a)
}

// check reports parameters that no weight can be quantized with.
func (w *weightGrid) check(a *attributes) error {
	channels := int64(1)
	if w.axis >= 0 {
		channels = w.dims[w.axis]
	}
	for i, p := range [][]float32{w.lo, w.hi} {
		if int64(len(p)) != channels {
			a.fail("input %q has %d values for %d channels", ir.Input(a.node, i+1), len(p), channels)
		}
	}
	for c := range w.hi {
		switch {
		case a.err != nil:
		case w.op == "WeightsUniformQuantizer" && !(w.lo[c] < w.hi[c]):
			a.fail("range [%g, %g] of channel %d is empty", w.lo[c], w.hi[c], c)
		case w.op != "WeightsUniformQuantizer" && !(w.hi[c] > 0):
			a.fail("threshold %g of channel %d is not positive", w.hi[c], c)
		case w.lutBit == 0 && w.op != "WeightsUniformQuantizer" && w.hi[c]/float32(int64(1)<<(w.bits-1)) < 0x1p-126:
			a.fail("threshold %g of channel %d is too small", w.hi[c], c)
		}
	}
	if w.lutBit > 0 && (len(w.lut) == 0 || len(w.lut) > 1<<w.bits) {
		a.fail("%d values in the table of a %d-bit quantizer", len(w.lut), w.bits)
	}
	return a.err
}
