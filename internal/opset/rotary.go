package opset

import (
	"math"

	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
)

// rotaryEmbedding puts the operators of its definition in the place of a RotaryEmbedding (Su et al., RoFormer: enhanced
// transformer with rotary position embedding, 2021): of the first rotary_embedding_dim numbers of a head, or all of
// them, pairs (a, b) become (a cos - b sin, a sin + b cos); the pairs are neighbours where interleaved says so, else a
// number of the first half and one of the second. x is [samples, heads, steps, size], or [samples, steps, heads size].
func rotaryEmbedding(c *converter, n ir.Node) error {
	x, heads := ir.Input(n, 0), ir.AttrInt(n, "num_heads", 0)
	joined := len(c.dims[x]) == 3 || len(c.dims[x]) != 4 && heads > 0
	if joined && heads <= 0 {
		return mistake.Errorf("attribute num_heads is missing")
	}
	headAxis := int64(1)
	if joined {
		headAxis = 2
		x = c.add(n, "Reshape", "heads", []string{x, c.ints(n, "heads_shape", false, 0, 0, heads, -1)})
	}
	turned, rest := x, ""
	if size := ir.AttrInt(n, "rotary_embedding_dim", 0); size > 0 {
		turned = c.slice(n, "turned", x, 0, size, 1)
		rest = c.slice(n, "rest", x, size, math.MaxInt64, 1)
	}
	waves := [2]string{ir.Input(n, 1), ir.Input(n, 2)}
	for i, name := range []string{"cos", "sin"} {
		if ids := ir.Input(n, 3); ids != "" {
			waves[i] = c.add(n, "Gather", name+"_of_step", []string{waves[i], ids}, ir.IntAttr("axis", 0))
		}
		waves[i] = c.add(n, "Unsqueeze", name, []string{waves[i], c.ints(n, name+"_axis", false, headAxis)})
	}
	interleaved := ir.AttrInt(n, "interleaved", 0) != 0
	a, b := c.pairs(n, turned, interleaved)
	product := func(name, x, wave string) string { return c.add(n, "Mul", name, []string{x, wave}) }
	real := c.add(n, "Sub", "real", []string{product("a_cos", a, waves[0]), product("b_sin", b, waves[1])})
	imag := c.add(n, "Add", "imag", []string{product("a_sin", a, waves[1]), product("b_cos", b, waves[0])})
	parts := []string{real, imag}
	if interleaved {
		last := c.ints(n, "last_axis", false, -1)
		for i, name := range []string{"real_column", "imag_column"} {
			parts[i] = c.add(n, "Unsqueeze", name, []string{parts[i], last})
		}
		columns := c.add(n, "Concat", "columns", parts, ir.IntAttr("axis", -1))
		parts = []string{c.add(n, "Reshape", "neighbours", []string{columns, c.ints(n, "neighbours_shape", false, 0, 0, 0, -1)})}
	}
	if rest != "" {
		parts = append(parts, rest)
	}
	become := func(op string, inputs ...string) { n.OpType, n.Input, n.Attribute = &op, inputs, nil }
	if !joined {
		become("Concat", parts...)
		n.Attribute = append(n.Attribute, ir.IntAttr("axis", -1))
		return nil
	}
	become("Reshape", c.add(n, "Concat", "rotated", parts, ir.IntAttr("axis", -1)), c.ints(n, "joined_shape", false, 0, 0, -1))
	return nil
}

// pairs are the first and the second numbers of the pairs of the last axis.
func (c *converter) pairs(n ir.Node, x string, interleaved bool) (a, b string) {
	if interleaved {
		return c.slice(n, "even", x, 0, math.MaxInt64, 2), c.slice(n, "odd", x, 1, math.MaxInt64, 2)
	}
	base := ir.Output(n, 0)
	a, b = c.names.Fresh(base+"_first_half"), c.names.Fresh(base+"_second_half")
	c.before = append(c.before, ir.NewNode("Split", c.names.Fresh(base+"_halves"), []string{x}, []string{a, b}, ir.IntAttr("axis", -1), ir.IntAttr("num_outputs", 2)))
	return a, b
}

// slice adds a Slice of the last axis and returns its output.
func (c *converter) slice(n ir.Node, suffix, x string, from, to, step int64) string {
	list := []string{x}
	for i, v := range []int64{from, to, -1, step} {
		list = append(list, c.ints(n, suffix+"_"+[]string{"from", "to", "axis", "step"}[i], false, v))
	}
	return c.add(n, "Slice", suffix, list)
}
