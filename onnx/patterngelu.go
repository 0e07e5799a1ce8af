package onnx

import "math"

// composite matches an activation of several nodes that ends in n. It returns the tensor x that the activation reads and
// the pattern, or nil.
func (f *finder) composite(n node) (x string, p *pattern) {
	switch n.GetOpType() {
	case "Mul":
		for _, match := range []func(node) (string, *pattern){f.gated, f.hardSwish, f.gelu} {
			if x, p = match(n); p != nil {
				return x, p
			}
		}
	case "Div":
		if x, p = f.hardSwish(n); p != nil {
			return x, p
		}
		return f.gelu(n)
	}
	return "", nil
}

// gated matches x times a function of the same x: SiLU (Sigmoid), HardSwish (HardSigmoid), Mish (Tanh of Softplus). A
// squeeze-excite gate multiplies another tensor and is none of them.
func (f *finder) gated(mul node) (string, *pattern) {
	for i := range 2 {
		x, gate := input(mul, 1-i), input(mul, i)
		for op, name := range map[string]string{"Sigmoid": "SiLU", "HardSigmoid": "HardSwish"} {
			if n := f.made(gate, op); n != nil && input(n, 0) == x {
				return x, &pattern{name, []node{n, mul}, []string{gate}}
			}
		}
		if tanh := f.made(gate, "Tanh"); tanh != nil {
			if plus := f.made(input(tanh, 0), "Softplus"); plus != nil && input(plus, 0) == x {
				return x, &pattern{"Mish", []node{plus, tanh, mul}, []string{output(plus, 0), gate}}
			}
		}
	}
	return "", nil
}

// hardSwish matches x * Clip(x + 3, 0, 6) / 6, where the division may come at the gate or at the end and be a Mul by 1/6
// (Howard et al., Searching for MobileNetV3, 2019).
func (f *finder) hardSwish(last node) (string, *pattern) {
	if product, ok := f.divided(last, 6); ok {
		if mul := f.made(product, "Mul"); mul != nil {
			for i := range 2 {
				if x, p := f.clipped(input(mul, i)); p != nil && x == input(mul, 1-i) {
					return x, p.and(mul, product).and(last, "")
				}
			}
		}
		return "", nil
	}
	if last.GetOpType() != "Mul" {
		return "", nil
	}
	for i := range 2 {
		gate := f.Producer(input(last, i))
		if gate == nil || !standard(gate) {
			continue
		}
		if clip, ok := f.divided(gate, 6); ok {
			if x, p := f.clipped(clip); p != nil && x == input(last, 1-i) {
				return x, p.and(gate, input(last, i)).and(last, "")
			}
		}
	}
	return "", nil
}

// clipped matches Clip(x + 3, 0, 6) and returns x.
func (f *finder) clipped(t string) (string, *pattern) {
	clip := f.made(t, "Clip")
	if clip == nil || !f.is(input(clip, 1), 0) || !f.is(input(clip, 2), 6) {
		return "", nil
	}
	add := f.made(input(clip, 0), "Add")
	x, ok := f.with(add, 3)
	if !ok {
		return "", nil
	}
	return x, &pattern{"HardSwish", []node{add, clip}, []string{input(clip, 0), t}}
}

// and appends a node and the tensor between it and what follows.
func (p *pattern) and(n node, inner string) *pattern {
	p.nodes = append(p.nodes, n)
	if inner != "" {
		p.inner = append(p.inner, inner)
	}
	return p
}

// divided matches a division by a number, or the multiplication by its reciprocal, and returns the other operand.
func (f *finder) divided(n node, by float64) (string, bool) {
	switch n.GetOpType() {
	case "Div":
		return input(n, 0), f.is(input(n, 1), by)
	case "Mul":
		return f.with(n, 1/by)
	}
	return "", false
}

// gelu matches x * (1 + Erf(x / sqrt 2)) * 0.5 with its three factors in any order and grouping
// (Hendrycks and Gimpel, Gaussian error linear units, 2016).
func (f *finder) gelu(last node) (string, *pattern) {
	if t, ok := f.divided(last, 2); ok { // (x * e) * 0.5
		if mul := f.made(t, "Mul"); mul != nil {
			for i := range 2 {
				if x, p := f.erf(input(mul, i)); p != nil && x == input(mul, 1-i) {
					return x, p.and(mul, t).and(last, "")
				}
			}
		}
		return "", nil
	}
	if last.GetOpType() != "Mul" {
		return "", nil
	}
	for i := range 2 {
		one, other := input(last, i), input(last, 1-i)
		halved := f.Producer(one)
		if halved == nil || !standard(halved) {
			continue
		}
		t, ok := f.divided(halved, 2)
		if !ok {
			continue
		}
		if x, p := f.erf(t); p != nil && x == other { // x * (e * 0.5)
			return x, p.and(halved, one).and(last, "")
		}
		if x, p := f.erf(other); p != nil && x == t { // (x * 0.5) * e
			return x, p.and(halved, one).and(last, "")
		}
	}
	return "", nil
}

// erf matches 1 + Erf(x / sqrt 2) and returns x.
func (f *finder) erf(t string) (string, *pattern) {
	add := f.made(t, "Add")
	e, ok := f.with(add, 1)
	if !ok {
		return "", nil
	}
	erf := f.made(e, "Erf")
	if erf == nil {
		return "", nil
	}
	scale := f.Producer(input(erf, 0))
	if scale == nil || !standard(scale) {
		return "", nil
	}
	x, ok := f.divided(scale, math.Sqrt2)
	if !ok {
		return "", nil
	}
	return x, &pattern{"Gelu", []node{scale, erf, add}, []string{input(erf, 0), e, t}}
}
