package opset

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// added is the change that brings an operator.
var added = change{down: func(_ *converter, n ir.Node) error {
	return mistake.Errorf("operator %s does not exist there", n.GetOpType())
}}

// same is the change of an operator whose uses mean the same before and after it: it brought element types, or
// attributes whose default is the old behaviour and whose other values are refused where they would be lost.
var same = change{}

// refuse returns a rule that refuses every use.
func refuse(why string) rule {
	return func(*converter, ir.Node) error { return mistake.Errorf("%s", why) }
}

// known returns an attribute whose value is in the node, not in the call of a function around it; nil if there is
// none.
func known(n ir.Node, name string) (*onnxpb.AttributeProto, error) {
	a := ir.Attr(n, name)
	if a.GetRefAttrName() != "" {
		return nil, mistake.Errorf("attribute %s comes from outside a function", name)
	}
	return a, nil
}

// only returns a rule that drops an attribute which has one of the given values (as integer, string or a list of that
// integer) and refuses any other.
func only(name string, values ...any) rule {
	return func(_ *converter, n ir.Node) error {
		a, err := known(n, name)
		if a == nil || err != nil {
			return err
		}
		is := func(v any) bool {
			switch v := v.(type) {
			case int:
				other := func(i int64) bool { return i != int64(v) }
				return a.GetType() == onnxpb.AttributeProto_INT && !other(a.GetI()) ||
					a.GetType() == onnxpb.AttributeProto_INTS && !slices.ContainsFunc(a.GetInts(), other)
			case string:
				return string(a.GetS()) == v
			}
			return false
		}
		if !slices.ContainsFunc(values, is) {
			return mistake.Errorf("attribute %s has a value that does not exist there", name)
		}
		ir.DropAttr(n, name)
		return nil
	}
}

// not returns a rule that refuses a value of a string attribute.
func not(name string, values ...string) rule {
	return func(_ *converter, n ir.Node) error {
		a, err := known(n, name)
		if err != nil {
			return err
		}
		if slices.Contains(values, string(a.GetS())) {
			return mistake.Errorf("attribute %s = %q does not exist there", name, a.GetS())
		}
		return nil
	}
}

// noInput returns a rule that refuses an input.
func noInput(i int, name string) rule {
	return func(_ *converter, n ir.Node) error {
		if ir.Input(n, i) != "" {
			return mistake.Errorf("input %s does not exist there", name)
		}
		return nil
	}
}

// all returns a rule that applies others in order.
func all(rules ...rule) rule {
	return func(c *converter, n ir.Node) error {
		for _, r := range rules {
			if err := r(c, n); err != nil {
				return err
			}
		}
		return nil
	}
}

// reduceAxes: the axes of a reduction are an attribute up to 17 and an input from 18 on. No axes mean all of them in
// both.
var reduceAxes = change{
	up: func(c *converter, n ir.Node) error {
		a, err := known(n, "axes")
		if a == nil || err != nil {
			return err
		}
		ir.DropAttr(n, "axes")
		if len(a.GetInts()) > 0 {
			setInput(n, 1, c.ints(n, "axes", false, a.GetInts()...))
		}
		return nil
	},
	down: func(c *converter, n ir.Node) error {
		noop, err := known(n, "noop_with_empty_axes")
		if err != nil {
			return err
		}
		ir.DropAttr(n, "noop_with_empty_axes")
		var axes []int64
		if ir.Input(n, 1) != "" {
			if axes, err = c.constInts(n, 1); err != nil {
				return err
			}
			setInput(n, 1, "")
		}
		switch {
		case len(axes) > 0:
			ir.SetAttr(n, ir.IntsAttr("axes", axes...))
		case noop.GetI() != 0:
			return mistake.Errorf("attribute noop_with_empty_axes does not exist there")
		}
		return nil
	},
}

// splitOutputs: from 18 on a Split without sizes says into how many parts it cuts, which before were its outputs.
var splitOutputs = change{
	up: func(_ *converter, n ir.Node) error {
		if ir.Input(n, 1) == "" && ir.Attr(n, "num_outputs") == nil {
			ir.SetAttr(n, ir.IntAttr("num_outputs", int64(len(n.GetOutput()))))
		}
		return nil
	},
	down: func(c *converter, n ir.Node) error { return only("num_outputs", len(n.GetOutput()))(c, n) },
}

// resizeChoices and quantizeTypes: attributes of later versions whose defaults are what the earlier ones do.
var (
	resizeChoices = change{down: all(only("antialias", 0), only("keep_aspect_ratio_policy", "segment"), only("axes"))}
	quantizeTypes = change{down: all(only("output_dtype", 0), only("block_size", 0))}
)

// batchNormOutputs: version 9 may hand out the statistics that training found.
func batchNormOutputs(_ *converter, n ir.Node) error {
	for i := 1; i < len(n.GetOutput()); i++ {
		if ir.Output(n, i) != "" {
			return mistake.Errorf("it is in training mode: export the model for inference")
		}
	}
	return nil
}

// roiAlignMode: version 10 has no shift by half a pixel, version 16 has it by default.
func roiAlignMode(_ *converter, n ir.Node) error {
	if ir.Attr(n, "coordinate_transformation_mode") == nil {
		ir.SetAttr(n, ir.StringAttr("coordinate_transformation_mode", "output_half_pixel"))
	}
	return nil
}

// gridSampleModes: version 20 renamed bilinear and bicubic, and knows volumes.
var gridSampleModes = change{
	up:   renameMode(map[string]string{"bilinear": "linear", "bicubic": "cubic"}),
	down: renameMode(map[string]string{"linear": "bilinear", "cubic": "bicubic"}),
}

func renameMode(to map[string]string) rule {
	return func(_ *converter, n ir.Node) error {
		a, err := known(n, "mode")
		if err != nil {
			return err
		}
		if name, ok := to[string(a.GetS())]; ok {
			ir.SetAttr(n, ir.StringAttr("mode", name))
		}
		return nil
	}
}

// dftAxis: the axis is an attribute, 1 by default, in version 17 and an input, -2 by default, in version 20.
var dftAxis = change{
	up: func(c *converter, n ir.Node) error {
		a, err := known(n, "axis")
		if err != nil {
			return err
		}
		axis := int64(1)
		if a != nil {
			axis = a.GetI()
		}
		ir.DropAttr(n, "axis")
		setInput(n, 2, c.ints(n, "axis", true, axis))
		return nil
	},
	down: func(c *converter, n ir.Node) error {
		axis := []int64{-2}
		if ir.Input(n, 2) != "" {
			var err error
			if axis, err = c.constInts(n, 2); err != nil {
				return err
			}
		}
		if len(axis) != 1 || axis[0] < 0 {
			return mistake.Errorf("version 17 takes no axis from the end")
		}
		setInput(n, 2, "")
		ir.SetAttr(n, ir.IntAttr("axis", axis[0]))
		return nil
	},
}

// groupNormScale: version 18 has a scale and a bias per group, version 21 per channel. The values are repeated by the
// number of channels of a group, which the network works out when it runs.
func groupNormScale(c *converter, n ir.Node) error {
	groups, err := known(n, "num_groups")
	if err != nil {
		return err
	}
	if groups.GetI() < 1 {
		return mistake.Errorf("attribute num_groups is %d", groups.GetI())
	}
	channels := c.add(n, "Shape", "channels", []string{ir.Input(n, 0)}, ir.IntAttr("start", 1), ir.IntAttr("end", 2))
	g := c.ints(n, "groups", false, groups.GetI())
	each := c.add(n, "Div", "channels_per_group", []string{channels, g})
	shape := c.add(n, "Concat", "group_shape", []string{g, each}, ir.IntAttr("axis", 0))
	last := c.ints(n, "last_axis", false, 1)
	flat := c.ints(n, "flat", false, -1)
	for i := 1; i <= 2; i++ {
		name := []string{"", "scale", "bias"}[i]
		column := c.add(n, "Unsqueeze", name+"_column", []string{ir.Input(n, i), last})
		repeated := c.add(n, "Expand", name+"_repeated", []string{column, shape})
		setInput(n, i, c.add(n, "Reshape", name+"_per_channel", []string{repeated, flat}))
	}
	return nil
}
