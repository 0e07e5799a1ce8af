package onnx

import (
	"math"
	"strings"

	"demote/quant"
)

// mctqDomain is the domain of the quantizers that Sony's Model Compression Toolkit writes (package mct_quantizers).
const mctqDomain = "mct_quantizers"

// The operators of that domain that quantize activations.
const (
	mctqPOT       = "ActivationPOTQuantizer"
	mctqSymmetric = "ActivationSymmetricQuantizer"
	mctqUniform   = "ActivationUniformQuantizer"
)

const maxBits = 16 // of a grid

// leastRange is a range whose steps are normal float32 numbers at every width.
const leastRange = 0x1p-126 * (1 << maxBits)

func isMCTQ(n node) bool { return n.GetDomain() == mctqDomain }

func isMCTQActivation(n node) bool {
	return isMCTQ(n) && strings.HasPrefix(n.GetOpType(), "Activation")
}

// mctqGrid reads the grid of an activation quantizer from its attributes. Errors name node and attribute.
func mctqGrid(n node, f quant.Formula) (quant.Grid, error) {
	a := &attributes{node: n}
	if len(n.GetInput()) != 1 || len(n.GetOutput()) != 1 || input(n, 0) == "" || output(n, 0) == "" {
		return quant.Grid{}, badf("%s: %d inputs and %d outputs instead of one each", nodeName(n), len(n.GetInput()), len(n.GetOutput()))
	}
	bits := int(a.integer("num_bits", 2, maxBits))
	var g quant.Grid
	var err error
	switch op := n.GetOpType(); op {
	case mctqPOT, mctqSymmetric:
		signed, threshold := a.integer("signed", 0, 1) == 1, a.float("threshold")
		if frac, _ := math.Frexp(float64(threshold)); op == mctqPOT && a.err == nil && frac != 0.5 {
			a.fail("attribute \"threshold\" is %g, not a power of two", threshold)
		}
		if a.err == nil && threshold > 0 && threshold < leastRange {
			a.fail("attribute \"threshold\" is %g: its steps are no normal numbers", threshold)
		}
		if a.err == nil {
			g, err = quant.FromThreshold(f, threshold, signed, bits)
		}
	case mctqUniform:
		lo, hi := a.float("min_range"), a.float("max_range")
		if a.err == nil && lo < hi && float64(hi)-float64(lo) < leastRange {
			a.fail("attributes \"min_range\" and \"max_range\" are %g and %g: the steps between them are no normal numbers", lo, hi)
		}
		if a.err == nil {
			g, err = quant.FromMinMax(f, lo, hi, bits)
		}
	default:
		return g, badf("%s: unknown quantizer of %s: %s, %s and %s are known", nodeName(n), mctqDomain, mctqPOT, mctqSymmetric, mctqUniform)
	}
	if a.err != nil {
		return g, a.err
	}
	if err != nil {
		return g, badf("%s: attributes %s: %w", nodeName(n), mctqRange(n), err)
	}
	return g, nil
}

// mctqRange names the attributes that hold a quantizer's range, for messages.
func mctqRange(n node) string {
	if n.GetOpType() == mctqUniform {
		return "min_range and max_range"
	}
	return "threshold and num_bits"
}

// mctqHolder returns the toolkit's name of a holder and the path before it: the node is called /<path>/<holder>/<OpType>,
// perhaps with a number behind; where it has no name, its output is /<path>/<holder>/<OpType>_output_0. Both are "" where
// neither says anything.
func mctqHolder(n node) (path, holder string) {
	for _, name := range []string{n.GetName(), output(n, 0)} {
		parts := strings.Split(strings.Trim(name, "/"), "/")
		last := len(parts) - 1
		if last > 0 && strings.HasPrefix(parts[last], n.GetOpType()) && parts[last-1] != "" {
			return strings.Join(parts[:last-1], "/"), parts[last-1]
		}
	}
	return "", ""
}
