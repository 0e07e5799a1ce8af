package shapes

import (
	"slices"

	"example.org/demote/internal/ir"
)

// Sizes are the dimensions of tensors by name; an absent tensor is unknown.
type Sizes struct {
	Dims  map[string][]int64
	outer *Sizes // of the graph around this one
}

// Of returns the dimensions of a tensor, if they are known.
func (s *Sizes) Of(name string) ([]int64, bool) {
	for ; s != nil; s = s.outer {
		if d, ok := s.Dims[name]; ok {
			return d, true
		}
	}
	return nil, false
}

// sameSize are operators whose first output has the dimensions of their first input.
var sameSize = func() map[string]bool {
	all := map[string]bool{}
	for _, op := range []string{"Abs", "Acos", "Asin", "Atan", "BatchNormalization", "Cast", "Ceil", "Celu", "Clip", "Cos", "CumSum", "Dropout", "Elu",
		"Erf", "Exp", "Floor", "Gelu", "GroupNormalization", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "IsInf", "IsNaN",
		"LayerNormalization", "LeakyRelu", "Log", "LogSoftmax", "LRN", "Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign",
		"Sin", "Softmax", "Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "ThresholdedRelu", "Trilu"} {
		all[op] = true
	}
	return all
}()

// broadcasting are operators whose output has the dimensions that their inputs have in common.
var broadcasting = map[string]bool{"Add": true, "Sub": true, "Mul": true, "Div": true, "Pow": true, "Max": true, "Min": true, "Where": true,
	"PRelu": true, "Equal": true, "Less": true, "Greater": true, "And": true, "Or": true, "Sum": true, "Mean": true, "Mod": true}

// Infer adds the dimensions of a node's first output (of a Split all outputs), if they follow from those of its inputs
// by a known rule. It is for counting work without a measurement of the runtime: for bodies of control flow, and for
// inspect.
func (s *Sizes) Infer(n ir.Node, constant func(string) ir.Tensor) {
	if n.GetOpType() == "Split" && len(n.GetOutput()) > 0 {
		s.split(n, constant)
		return
	}
	out := ir.Output(n, 0)
	if _, known := s.Dims[out]; known || out == "" {
		return
	}
	if d, ok := s.after(n, constant); ok {
		s.Dims[out] = d
	}
}

func (s *Sizes) after(n ir.Node, constant func(string) ir.Tensor) ([]int64, bool) {
	op := n.GetOpType()
	if op == "Constant" {
		if c := ir.ConstantValue(n); c != nil {
			return c.GetDims(), true
		}
		return nil, false
	}
	a, ok := s.Of(ir.Input(n, 0))
	if !ok {
		return nil, false
	}
	b, hasB := s.Of(ir.Input(n, 1))
	switch {
	case sameSize[op]:
		return a, true
	case broadcasting[op]:
		for _, in := range n.GetInput()[1:] {
			d, ok := s.Of(in)
			var err error
			if a, err = Broadcast(a, d); !ok || err != nil {
				return nil, false
			}
		}
		return a, true
	}
	switch op {
	case "MatMul":
		if !hasB || len(a) < 2 || len(b) < 2 {
			return nil, false
		}
		batch, err := Broadcast(a[:len(a)-2], b[:len(b)-2])
		return append(batch, a[len(a)-2], b[len(b)-1]), err == nil
	case "Gemm":
		if !hasB || len(a) != 2 || len(b) != 2 {
			return nil, false
		}
		return []int64{a[ir.AttrInt(n, "transA", 0)&1], b[1-ir.AttrInt(n, "transB", 0)&1]}, true
	case "Conv":
		if !hasB || len(a) < 3 || len(b) != len(a) {
			return nil, false
		}
		return windows(n, a, b[0], b[2:])
	case "MaxPool", "AveragePool", "LpPool":
		kernel := ir.Attr(n, "kernel_shape").GetInts()
		if len(a) < 3 || len(kernel) != len(a)-2 {
			return nil, false
		}
		return windows(n, a, a[1], kernel)
	case "GlobalAveragePool", "GlobalMaxPool":
		out := slices.Clone(a)
		for i := 2; i < len(out); i++ {
			out[i] = 1
		}
		return out, true
	case "Flatten":
		axis := ir.AttrInt(n, "axis", 1)
		if axis < 0 {
			axis += int64(len(a))
		}
		if axis < 0 || axis > int64(len(a)) {
			return nil, false
		}
		return []int64{Elements(a[:axis]), Elements(a[axis:])}, true
	case "Transpose":
		return permuted(a, ir.Attr(n, "perm").GetInts())
	case "Concat":
		return s.joined(n, a)
	case "Reshape", "Squeeze", "Unsqueeze":
		if ir.Input(n, 1) == "" {
			return nil, false
		}
		c := constant(ir.Input(n, 1))
		if c == nil {
			return nil, false
		}
		list, err := ir.Ints(c)
		if err != nil {
			return nil, false
		}
		return reshaped(op, a, list)
	}
	return nil, false
}

// windows are the dimensions behind a kernel that slides over the axes behind the channels.
// https://onnx.ai/onnx/operators/onnx__Conv.html
func windows(n ir.Node, a []int64, channels int64, kernel []int64) ([]int64, bool) {
	at := func(name string, i int, def int64) int64 {
		if list := ir.Attr(n, name).GetInts(); i < len(list) {
			return list[i]
		}
		return def
	}
	out := []int64{a[0], channels}
	for i, k := range kernel {
		size, stride := a[i+2], at("strides", i, 1)
		if stride < 1 {
			return nil, false
		}
		switch auto := ir.AttrString(n, "auto_pad", "NOTSET"); auto {
		case "SAME_UPPER", "SAME_LOWER":
			out = append(out, (size+stride-1)/stride)
			continue
		case "NOTSET":
			size += at("pads", i, 0) + at("pads", i+len(kernel), 0)
		}
		rest := size - at("dilations", i, 1)*(k-1) - 1
		if ir.AttrInt(n, "ceil_mode", 0) != 0 {
			rest += stride - 1
		}
		if rest < 0 {
			return nil, false
		}
		out = append(out, rest/stride+1)
	}
	return out, true
}

func (s *Sizes) joined(n ir.Node, a []int64) ([]int64, bool) {
	out, axis := slices.Clone(a), ir.AttrInt(n, "axis", 0)
	if axis < 0 {
		axis += int64(len(a))
	}
	for _, in := range n.GetInput()[1:] {
		d, ok := s.Of(in)
		if !ok || len(d) != len(a) || axis < 0 || axis >= int64(len(a)) {
			return nil, false
		}
		out[axis] += d[axis]
	}
	return out, true
}

// reshaped are the dimensions behind Reshape, Squeeze and Unsqueeze by a constant list.
func reshaped(op string, a, list []int64) ([]int64, bool) {
	switch op {
	case "Reshape":
		out, free := slices.Clone(list), -1
		for i, d := range out {
			switch {
			case d == 0 && i < len(a):
				out[i] = a[i]
			case d == -1:
				free, out[i] = i, 1
			}
		}
		if known := Elements(out); free >= 0 && known > 0 {
			out[free] = Elements(a) / known
		}
		return out, Elements(out) == Elements(a)
	case "Squeeze":
		var out []int64
		for i, d := range a {
			if !slices.Contains(list, int64(i)) && !slices.Contains(list, int64(i-len(a))) {
				out = append(out, d)
			}
		}
		return out, true
	}
	rank := int64(len(a) + len(list))
	out := make([]int64, rank)
	for _, axis := range list {
		if axis < 0 {
			axis += rank
		}
		if axis < 0 || axis >= rank {
			return nil, false
		}
		out[axis] = 1
	}
	for _, d := range a {
		i := slices.Index(out, 0)
		if i < 0 {
			return nil, false
		}
		out[i] = max(d, 1)
	}
	return out, true
}
