package opset

import (
	"math"

	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
)

// maskedOut is what a masked score becomes: far below any other, and still a number. After Softmax nothing is left of
// it.
const maskedOut = -1e9

// attention puts the operators of its definition in the place of an Attention (onnx, defs/nn/defs.cc, the function
// body of version 23; Vaswani et al., Attention is all you need, 2017): heads are cut out of the last axis where the
// operator tells how many, softmax(softcap(Q K' scale) + mask) V, and joined again. Rows that are masked throughout
// are left to Softmax.
func attention(c *converter, n ir.Node) error {
	if ir.Output(n, 3) != "" {
		return mistake.Errorf("output qk_matmul_output is not supported: export the network with opset_version=22 or less")
	}
	if p := ir.AttrInt(n, "softmax_precision", 0); p != 0 && ir.DType(p) != ir.Float {
		return mistake.Errorf("a softmax_precision other than float32 is not supported: export the network with opset_version=22 or less")
	}
	heads, kvHeads := ir.AttrInt(n, "q_num_heads", 0), ir.AttrInt(n, "kv_num_heads", 0)
	cut := heads > 0 && kvHeads > 0
	if dims := c.dims[ir.Input(n, 0)]; len(dims) == 4 {
		cut = false
	} else if len(dims) == 3 && !cut {
		return mistake.Errorf("attributes q_num_heads and kv_num_heads are missing")
	}
	if cut && heads%kvHeads != 0 {
		return mistake.Errorf("%d heads cannot share %d of keys and values", heads, kvHeads)
	}
	names := [3]string{"query", "key", "value"}
	parts := [3]string{ir.Input(n, 0), ir.Input(n, 1), ir.Input(n, 2)}
	for i := range parts {
		if cut {
			count := kvHeads
			if i == 0 {
				count = heads
			}
			rows := c.add(n, "Reshape", names[i]+"_heads", []string{parts[i], c.ints(n, names[i]+"_heads_shape", false, 0, 0, count, -1)})
			parts[i] = c.add(n, "Transpose", names[i], []string{rows}, ir.IntsAttr("perm", 0, 2, 1, 3))
		}
		if past := ir.Input(n, 3+i); i > 0 && past != "" { // inputs 4 and 5
			parts[i] = c.add(n, "Concat", names[i]+"_with_past", []string{past, parts[i]}, ir.IntAttr("axis", 2))
		}
		if present := ir.Output(n, i); i > 0 && present != "" {
			c.before = append(c.before, ir.NewNode("Identity", c.names.Fresh(present+"_Identity"), []string{parts[i]}, []string{present}))
		}
	}
	if cut && heads > kvHeads { // each of the fewer heads serves as many
		var which []int64
		for h := range heads {
			which = append(which, h/(heads/kvHeads))
		}
		for i := 1; i <= 2; i++ {
			parts[i] = c.add(n, "Gather", names[i]+"_shared", []string{parts[i], c.ints(n, names[i]+"_head", false, which...)}, ir.IntAttr("axis", 1))
		}
	}
	turned := c.add(n, "Transpose", "key_turned", []string{parts[1]}, ir.IntsAttr("perm", 0, 1, 3, 2))
	scores := c.add(n, "MatMul", "scores", []string{parts[0], turned})
	scores, err := c.scaled(n, scores, parts[0], heads, cut)
	if err != nil {
		return err
	}
	if cap := ir.AttrFloat(n, "softcap", 0); cap != 0 {
		bound := c.number(n, "softcap", cap)
		share := c.add(n, "Div", "of_softcap", []string{scores, bound})
		scores = c.add(n, "Mul", "capped", []string{c.add(n, "Tanh", "bent", []string{share}), bound})
	}
	if scores, err = c.masked(n, scores, parts[0], parts[1]); err != nil {
		return err
	}
	weights := c.add(n, "Softmax", "weights", []string{scores}, ir.IntAttr("axis", -1))
	become := func(op string, inputs ...string) {
		n.OpType, n.Input, n.Output, n.Attribute = &op, inputs, n.Output[:1], nil
	}
	if !cut {
		become("MatMul", weights, parts[2])
		return nil
	}
	mixed := c.add(n, "MatMul", "mixed", []string{weights, parts[2]})
	become("Reshape", c.add(n, "Transpose", "rows", []string{mixed}, ir.IntsAttr("perm", 0, 2, 1, 3)), c.ints(n, "rows_shape", false, 0, 0, -1))
	return nil
}

// scaled multiplies scores by the scale that the node gives, or by one over the root of the size of a head.
func (c *converter) scaled(n ir.Node, scores, query string, heads int64, cut bool) (string, error) {
	a, err := known(n, "scale")
	if err != nil {
		return "", err
	}
	scale := float64(a.GetF())
	if a == nil {
		size := int64(-1)
		if dims := c.dims[ir.Input(n, 0)]; len(dims) > 0 {
			size = dims[len(dims)-1]
			if cut {
				size /= heads
			}
		}
		if size <= 0 {
			shape := c.add(n, "Shape", "head_size", []string{query}, ir.IntAttr("start", 3), ir.IntAttr("end", 4))
			root := c.add(n, "Sqrt", "head_root", []string{c.add(n, "Cast", "head_number", []string{shape}, ir.IntAttr("to", int64(ir.Float)))})
			return c.add(n, "Div", "scaled", []string{scores, root}), nil
		}
		scale = 1 / math.Sqrt(float64(size))
	}
	return c.add(n, "Mul", "scaled", []string{scores, c.number(n, "scale", float32(scale))}), nil
}

// masked adds a mask of numbers to the scores, and takes out what a mask of booleans, or the order of a causal one,
// leaves out.
func (c *converter) masked(n ir.Node, scores, query, key string) (string, error) {
	if mask := ir.Input(n, 3); mask != "" {
		switch typ := c.types.Known(mask); typ {
		case ir.Bool:
			scores = c.add(n, "Where", "masked", []string{mask, scores, c.number(n, "masked_out", maskedOut)})
		case ir.Float:
			scores = c.add(n, "Add", "masked", []string{scores, mask})
		default:
			return "", mistake.Errorf("attn_mask %q is not known to be of booleans or float32: export the network with opset_version=22 or less", mask)
		}
	}
	if ir.AttrInt(n, "is_causal", 0) == 0 {
		return scores, nil
	}
	zero, one := c.ints(n, "zero", true, 0), c.ints(n, "one", true, 1)
	count := func(of, name string) string {
		size := c.add(n, "Shape", name+"_size", []string{of}, ir.IntAttr("start", 2), ir.IntAttr("end", 3))
		return c.add(n, "Range", name, []string{zero, c.add(n, "Squeeze", name+"_count", []string{size}), one})
	}
	rows := c.add(n, "Unsqueeze", "rows_column", []string{count(query, "row"), c.ints(n, "column", false, 1)})
	if past := ir.Input(n, 4); past != "" {
		rows = c.add(n, "Add", "rows_behind_past", []string{rows, c.add(n, "Shape", "past_size", []string{past}, ir.IntAttr("start", 2), ir.IntAttr("end", 3))})
	}
	seen := c.add(n, "GreaterOrEqual", "causal", []string{rows, c.add(n, "Unsqueeze", "columns_row", []string{count(key, "column_number"), c.ints(n, "row_axis", false, 0)})})
	return c.add(n, "Where", "causal_scores", []string{seen, scores, c.number(n, "later", maskedOut)}), nil
}

// number adds a constant number and returns its name.
func (c *converter) number(n ir.Node, suffix string, v float32) string {
	t := ir.NewFloats("", nil, []float32{v})
	t.Name = nil
	return c.constant(n, suffix, t)
}

// rmsNormalization puts the operators of its definition in the place of an RMSNormalization (Zhang and Sennrich, Root
// mean square layer normalization, 2019): x / sqrt(mean(x x) + epsilon) scale.
func rmsNormalization(c *converter, n ir.Node) error {
	axis := ir.AttrInt(n, "axis", -1)
	dims, scale := c.dims[ir.Input(n, 0)], c.constants[ir.Input(n, 1)]
	switch {
	case axis < 0:
	case len(dims) > int(axis):
		axis -= int64(len(dims))
	case scale != nil && len(scale.GetDims()) > 0:
		axis = -int64(len(scale.GetDims()))
	default:
		return mistake.Errorf("axis %d counts from the front of a tensor whose rank is not known: export the network with opset_version=22 or less", axis)
	}
	var axes []int64
	for a := axis; a < 0; a++ {
		axes = append(axes, a)
	}
	x := ir.Input(n, 0)
	square := c.add(n, "Mul", "square", []string{x, x})
	mean := c.add(n, "ReduceMean", "mean", []string{square, c.ints(n, "axes", false, axes...)}, ir.IntAttr("keepdims", 1))
	sum := c.add(n, "Add", "mean_and_epsilon", []string{mean, c.number(n, "epsilon", ir.AttrFloat(n, "epsilon", 1e-5))})
	n.Input = []string{c.add(n, "Div", "normalized", []string{x, c.add(n, "Sqrt", "root", []string{sum})}), ir.Input(n, 1)}
	n.OpType, n.Attribute = ir.Str("Mul"), nil
	return nil
}

// swish puts the operators of its definition in the place of a Swish (Ramachandran et al., Searching for activation
// functions, 2017): x sigmoid(alpha x).
func swish(c *converter, n ir.Node) error {
	a, err := known(n, "alpha")
	if err != nil {
		return err
	}
	x := ir.Input(n, 0)
	steep := x
	if a != nil && a.GetF() != 1 {
		steep = c.add(n, "Mul", "steep", []string{c.add(n, "CastLike", "alpha_like", []string{c.number(n, "alpha", a.GetF()), x}), x})
	}
	n.Input = []string{x, c.add(n, "Sigmoid", "sigmoid", []string{steep})}
	n.OpType, n.Attribute = ir.Str("Mul"), nil
	return nil
}
