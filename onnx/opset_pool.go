package onnx

// averageCeil: where windows reach beyond the padding, because the output size is rounded up, and padding counts, version
// 11 still divides by the size of the kernel, version 19 by what lies inside. The old meaning has a form in which nothing
// is rounded up: padding that reaches a step further.
var averageCeil = change{
	up: func(_ *converter, n node) error {
		ceil, err := averagesBeyond(n)
		if err != nil || !ceil {
			return err
		}
		kernel, pads, strides := attr(n, "kernel_shape").GetInts(), attr(n, "pads").GetInts(), attr(n, "strides").GetInts()
		axes := len(kernel)
		if mode := attrString(n, "auto_pad", "NOTSET"); mode != "NOTSET" && mode != "" && mode != "VALID" {
			return badf("attribute auto_pad = %q with ceil_mode and count_include_pad counts in another way there", mode)
		}
		if len(pads) != 0 && len(pads) != 2*axes || len(strides) != 0 && len(strides) != axes {
			return badf("%d pads and %d strides for a kernel of %d axes", len(pads), len(strides), axes)
		}
		further := make([]int64, 2*axes)
		copy(further, pads)
		for i := range kernel {
			stride := int64(1)
			if len(strides) > 0 {
				stride = strides[i]
			}
			// Else a last window may begin in the padding, and then version 11 leaves it out.
			if stride < 1 || stride > kernel[i] || further[axes+i] > kernel[i]-stride {
				return badf("ceil_mode and count_include_pad count in another way there: export with opset 19 or later")
			}
			further[axes+i] += stride - 1
		}
		dropAttr(n, "ceil_mode")
		dropAttr(n, "auto_pad")
		setAttr(n, intsAttr("pads", further...))
		return nil
	},
	down: func(c *converter, n node) error {
		ceil, err := averagesBeyond(n)
		if err != nil {
			return err
		}
		if ceil {
			return badf("ceil_mode and count_include_pad count in another way there")
		}
		return only("dilations", 1)(c, n)
	},
}

// averagesBeyond reports whether an AveragePool rounds up and counts padding.
func averagesBeyond(n node) (bool, error) {
	for _, name := range []string{"ceil_mode", "count_include_pad", "kernel_shape", "pads", "strides", "auto_pad"} {
		if _, err := known(n, name); err != nil {
			return false, err
		}
	}
	return attrInt(n, "ceil_mode", 0) != 0 && attrInt(n, "count_include_pad", 0) != 0, nil
}
