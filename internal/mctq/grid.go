package mctq

import (
	"math"
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// The operators of that domain that quantize activations.
const (
	mctqPOT       = "ActivationPOTQuantizer"
	mctqSymmetric = "ActivationSymmetricQuantizer"
	mctqUniform   = "ActivationUniformQuantizer"
)

// leastRange is a range whose steps are normal float32 numbers at every width.
const leastRange = 0x1p-126 * (1 << network.MaxBits)

func isMCTQActivation(n ir.Node) bool {
	return ir.IsMCTQ(n) && strings.HasPrefix(n.GetOpType(), "Activation")
}

// mctqGrid reads the grid of an activation quantizer from its attributes. Errors name node and attribute.
func mctqGrid(n ir.Node, f quant.Formula) (quant.Grid, error) {
	a := &attributes{node: n}
	if len(n.GetInput()) != 1 || len(n.GetOutput()) != 1 || ir.Input(n, 0) == "" || ir.Output(n, 0) == "" {
		return quant.Grid{}, mistake.Errorf("%s: %d inputs and %d outputs instead of one each", ir.NodeName(n), len(n.GetInput()), len(n.GetOutput()))
	}
	bits := int(a.integer("num_bits", 2, network.MaxBits))
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
		return g, mistake.Errorf("%s: unknown quantizer of %s: %s, %s and %s are known", ir.NodeName(n), ir.MCTQDomain, mctqPOT, mctqSymmetric, mctqUniform)
	}
	if a.err != nil {
		return g, a.err
	}
	if err != nil {
		return g, mistake.Errorf("%s: attributes %s: %w", ir.NodeName(n), mctqRange(n), err)
	}
	return g, nil
}

// mctqRange names the attributes that hold a quantizer's range, for messages.
func mctqRange(n ir.Node) string {
	if n.GetOpType() == mctqUniform {
		return "min_range and max_range"
	}
	return "threshold and num_bits"
}

// mctqHolder returns the toolkit's name of a holder and the path before it: the node is called
// /<path>/<holder>/<OpType>, perhaps with a number behind; where it has no name, its output is
// /<path>/<holder>/<OpType>_output_0. Both are "" where neither says anything.
func mctqHolder(n ir.Node) (path, holder string) {
	for _, name := range []string{n.GetName(), ir.Output(n, 0)} {
		parts := strings.Split(strings.Trim(name, "/"), "/")
		last := len(parts) - 1
		if last > 0 && strings.HasPrefix(parts[last], n.GetOpType()) && parts[last-1] != "" {
			return strings.Join(parts[:last-1], "/"), parts[last-1]
		}
	}
	return "", ""
}
