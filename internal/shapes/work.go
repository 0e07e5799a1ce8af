package shapes

import (
	"slices"
	"strings"

	"example.org/demote/internal/ir"
)

// Quantizable are the operators with multiply-accumulates that integer hardware has, if their inputs are on grids.
var Quantizable = map[string]bool{"Conv": true, "ConvTranspose": true, "MatMul": true, "Gemm": true, "Einsum": true, "DeformConv": true,
	"FusedConv": true, "NhwcFusedConv": true, "FusedGemm": true, "FusedMatMul": true, "FusedMatMulActivation": true, "TransposeMatMul": true}

// recurrent and attentive operators multiply inside, where no quantizer can be; so do operators on packed weights.
var (
	recurrent = map[string]bool{"LSTM": true, "GRU": true, "RNN": true, "AttnLSTM": true}
	attentive = map[string]bool{"Attention": true, "MultiHeadAttention": true, "GroupQueryAttention": true, "PackedAttention": true,
		"PackedMultiHeadAttention": true, "DecoderAttention": true, "DecoderMaskedSelfAttention": true, "DecoderMaskedMultiHeadAttention": true,
		"SparseAttention": true, "PagedAttention": true, "LongformerAttention": true, "QMoE": true, "MoE": true}
	packedWeights = map[string]bool{"MatMulNBits": true, "MatMulBnb4": true, "MatMulFpQ4": true}
)

// Multiplies reports whether an operator has multiply-accumulates.
func Multiplies(n ir.Node) bool {
	op := n.GetOpType()
	return (ir.Standard(n) || n.GetDomain() == ir.ContribDomain) && (Quantizable[op] || recurrent[op] || attentive[op] || packedWeights[op])
}

// workOf counts the multiply-accumulates of one run of a node; false where a size that it takes is not known. By
// operator:
//
//	Conv, DeformConv         output elements * channels of a group * kernel
//	ConvTranspose            input elements * output channels of a group * kernel
//	MatMul, Gemm, MatMulNBits  output elements * length of a sum
//	Einsum                   product of the sizes of all letters
//	LSTM, GRU, RNN           steps * batch * (elements of W + elements of R)
//	Attention of com.microsoft  input rows * elements of the weights + 2 * batch * rows^2 * columns of the weights / 3
//	other attention          elements of the queries * keys + elements of the output * keys
//
// Biases, activations and sums that are no products count for nothing.
func (s *Sizes) workOf(n ir.Node) (float64, bool) {
	a, hasA := s.Of(ir.Input(n, 0))
	b, hasB := s.Of(ir.Input(n, 1))
	out, hasOut := s.Of(ir.Output(n, 0))
	op := n.GetOpType()
	switch {
	case recurrent[op]:
		r, hasR := s.Of(ir.Input(n, 2))
		if !hasA || !hasB || !hasR || len(a) != 3 {
			return 0, false
		}
		return float64(a[0]*a[1]) * (volume(b) + volume(r)), true
	case op == "Attention" && !ir.Standard(n):
		if !hasA || !hasB || len(a) != 3 || len(b) != 2 {
			return 0, false
		}
		return float64(a[0]*a[1])*volume(b) + 2*float64(a[0]*a[1]*a[1])*float64(b[1])/3, true
	case attentive[op]:
		if !hasA || !hasB || !hasOut || len(b) < 3 {
			return 0, false
		}
		return (volume(a) + volume(out)) * float64(b[len(b)-2]), true
	case packedWeights[op]:
		return volume(out) * float64(ir.AttrInt(n, "K", 0)), hasOut && ir.AttrInt(n, "K", 0) > 0
	case op == "Einsum":
		return s.einsum(n)
	case op == "ConvTranspose":
		return volume(a) * volume(Tail(b)), hasA && hasB
	case strings.HasSuffix(op, "Conv"):
		return volume(out) * volume(Tail(b)), hasOut && hasB && len(b) > 1
	case strings.HasSuffix(op, "Gemm"):
		return volume(out) * float64(at2(a, 1-ir.AttrInt(n, "transA", 0)&1)), hasOut && len(a) == 2
	}
	if !hasA || !hasOut || len(a) == 0 {
		return 0, false
	}
	sum := a[len(a)-1]
	if ir.AttrInt(n, "transA", 0) != 0 && len(a) > 1 {
		sum = a[len(a)-2]
	}
	return volume(out) * float64(sum), true
}

func at2(a []int64, i int64) int64 {
	if int(i) < len(a) {
		return a[i]
	}
	return 0
}

// volume is the number of elements.
func volume(dims []int64) float64 {
	v := 1.0
	for _, d := range dims {
		v *= float64(max(d, 0))
	}
	return v
}

// einsum multiplies the sizes of all letters; it knows no ellipsis.
func (s *Sizes) einsum(n ir.Node) (float64, bool) {
	terms, _, _ := strings.Cut(strings.ReplaceAll(ir.AttrString(n, "equation", ""), " ", ""), "->")
	letters := map[rune]int64{}
	for i, term := range strings.Split(terms, ",") {
		dims, ok := s.Of(ir.Input(n, i))
		if !ok || len(dims) != len(term) || strings.Contains(term, ".") {
			return 0, false
		}
		for k, l := range term {
			letters[l] = max(letters[l], dims[k])
		}
	}
	if len(n.GetInput()) < 2 {
		return 0, true
	}
	work := 1.0
	for _, size := range letters {
		work *= float64(size)
	}
	return work, true
}

// bodyWork counts the multiply-accumulates inside a node's bodies: of If the branch with more, of Loop and Scan as many
// times as it runs. least says that a size or a number of turns is not known, and what is counted is no more than
// there is; some that there are some at all.
func (s *Sizes) bodyWork(n ir.Node, constant func(string) ir.Tensor) (work float64, least, some bool) {
	turns := int64(1)
	switch n.GetOpType() {
	case "Loop":
		turns = 0
		if c := constant(ir.Input(n, 0)); c != nil {
			if list, err := ir.Ints(c); err == nil && len(list) == 1 {
				turns = list[0]
			}
		}
	case "Scan":
		if first, ok := s.Of(ir.Input(n, scanStates(n))); ok && len(first) > 0 {
			turns = first[scanAxis(n, len(first))]
		}
	}
	if turns < 1 {
		turns, least = 1, true
	}
	for _, body := range ir.Subgraphs(n) {
		inner := &Sizes{Dims: make(map[string][]int64), outer: s}
		for i, v := range body.GetInput() {
			inner.enter(n, i, v.GetName(), s)
		}
		w, l, a := inner.graphWork(body, constant)
		work, least, some = max(work, w*float64(turns)), least || l, some || a
	}
	return work, least && some, some
}

// scanStates is the number of inputs of a Scan before those that it goes through.
func scanStates(n ir.Node) int {
	return max(0, len(n.GetInput())-int(min(max(ir.AttrInt(n, "num_scan_inputs", 1), 0), 1<<20)))
}

func scanAxis(n ir.Node, rank int) int64 {
	axis := int64(0)
	if list := ir.Attr(n, "scan_input_axes").GetInts(); len(list) > 0 {
		axis = list[0]
	}
	if axis < 0 {
		axis += int64(rank)
	}
	return min(max(axis, 0), int64(rank)-1)
}

// enter gives a body's input the size of what the node hands it.
func (s *Sizes) enter(n ir.Node, i int, name string, outer *Sizes) {
	switch n.GetOpType() {
	case "Loop":
		if i < 2 {
			s.Dims[name] = []int64{}
			return
		}
		if d, ok := outer.Of(ir.Input(n, i)); ok {
			s.Dims[name] = d
		}
	case "Scan":
		d, ok := outer.Of(ir.Input(n, i))
		if !ok {
			return
		}
		if i >= scanStates(n) && len(d) > 0 {
			axis := scanAxis(n, len(d))
			d = slices.Delete(slices.Clone(d), int(axis), int(axis)+1)
		}
		s.Dims[name] = d
	}
}

// graphWork counts the multiply-accumulates of a body.
func (s *Sizes) graphWork(g ir.Graph, constant func(string) ir.Tensor) (work float64, least, some bool) {
	own := make(map[string]ir.Tensor)
	for _, t := range g.GetInitializer() {
		own[t.GetName()], s.Dims[t.GetName()] = t, t.GetDims()
	}
	value := func(name string) ir.Tensor {
		if t := own[name]; t != nil {
			return t
		}
		return constant(name)
	}
	for _, n := range g.GetNode() {
		if n.GetOpType() == "Constant" {
			own[ir.Output(n, 0)] = ir.ConstantValue(n)
		}
		s.Infer(n, value)
		w, l, a := s.NodeWork(n, value)
		work, least, some = work+w, least || l, some || a
	}
	return work, least, some
}

// NodeWork counts the multiply-accumulates of a node, with its bodies. If a size is unknown, every weight counts once,
// which is a lower bound.
func (s *Sizes) NodeWork(n ir.Node, constant func(string) ir.Tensor) (work float64, least, some bool) {
	if len(ir.Subgraphs(n)) > 0 {
		return s.bodyWork(n, constant)
	}
	if !Multiplies(n) {
		return 0, false, false
	}
	if w, ok := s.workOf(n); ok {
		return w, false, true
	}
	for i := 1; i < min(3, len(n.GetInput())); i++ {
		if t := constant(ir.Input(n, i)); t != nil && len(t.GetDims()) > 1 {
			work += volume(t.GetDims())
		}
	}
	return work, true, true
}

// IsRecurrent reports whether a node is a recurrent operator that can be unrolled.
func IsRecurrent(n ir.Node) bool { return ir.Standard(n) && RecurrentOps[n.GetOpType()] }

// RecurrentOps are operators with a state of their own, which no holder can quantize.
var RecurrentOps = map[string]bool{"LSTM": true, "GRU": true, "RNN": true}
