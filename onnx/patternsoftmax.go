package onnx

// softmax matches a Softmax of single operators by its last node:
//
//	e = Exp(x), or of d = x - ReduceMax(x)      y = e / ReduceSum(e), or e * Reciprocal(ReduceSum(e))
//
// Its holder is behind the last node: e spans the exponents of all scores, of which no grid of integers keeps the small ones.
func (f *finder) softmax(last node) *pattern {
	if last.GetOpType() == "Sub" {
		return f.logSoftmax(last)
	}
	if last.GetOpType() != "Div" && last.GetOpType() != "Mul" {
		return nil
	}
	for i := range 2 {
		exp, below := f.made(input(last, i), "Exp"), input(last, 1-i)
		if exp == nil || last.GetOpType() == "Div" && i == 1 {
			continue
		}
		p := &pattern{"Softmax", []node{exp, last}, []string{output(exp, 0), below}}
		if last.GetOpType() == "Mul" {
			inverse := f.made(below, "Reciprocal")
			if inverse == nil {
				continue
			}
			p.nodes, p.inner, below = append(p.nodes, inverse), append(p.inner, input(inverse, 0)), input(inverse, 0)
		}
		sum := f.made(below, "ReduceSum")
		if sum == nil || input(sum, 0) != output(exp, 0) {
			continue
		}
		p.nodes = append(p.nodes, sum)
		if sub := f.made(input(exp, 0), "Sub"); sub != nil {
			if most := f.made(input(sub, 1), "ReduceMax"); most != nil && input(most, 0) == input(sub, 0) && f.sameAxes(most, sum) {
				p.nodes, p.inner = append(p.nodes, sub, most), append(p.inner, input(exp, 0), input(sub, 1))
			}
		}
		return p
	}
	return nil
}

// logSoftmax matches a LogSoftmax of single operators by its last node:
//
//	d - Log(ReduceSum(Exp(d))), where d is x or x - ReduceMax(x)      x - ReduceLogSumExp(x)
func (f *finder) logSoftmax(last node) *pattern {
	d, below := input(last, 0), input(last, 1)
	if sum := f.made(below, "ReduceLogSumExp"); sum != nil && input(sum, 0) == d {
		return &pattern{"LogSoftmax", []node{sum, last}, []string{below}}
	}
	log := f.made(below, "Log")
	if log == nil {
		return nil
	}
	sum := f.made(input(log, 0), "ReduceSum")
	if sum == nil {
		return nil
	}
	exp := f.made(input(sum, 0), "Exp")
	if exp == nil || input(exp, 0) != d {
		return nil
	}
	p := &pattern{"LogSoftmax", []node{exp, sum, log, last}, []string{output(exp, 0), output(sum, 0), below}}
	if sub := f.made(d, "Sub"); sub != nil {
		if most := f.made(input(sub, 1), "ReduceMax"); most != nil && input(most, 0) == input(sub, 0) && f.sameAxes(most, sum) {
			p.nodes, p.inner = append(p.nodes, sub, most), append(p.inner, d, input(sub, 1))
		}
	}
	return p
}
