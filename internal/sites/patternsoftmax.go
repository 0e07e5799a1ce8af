package sites

import "example.org/demote/internal/ir"

// softmax matches a Softmax of single operators by its last node:
//
//	e = Exp(x), or of d = x - ReduceMax(x)      y = e / ReduceSum(e), or e * Reciprocal(ReduceSum(e))
//
// Its holder is behind the last node: e spans the exponents of all scores, of which no grid of integers keeps the
// small ones.
func (f *finder) softmax(last ir.Node) *pattern {
	if last.GetOpType() == "Sub" {
		return f.logSoftmax(last)
	}
	if last.GetOpType() != "Div" && last.GetOpType() != "Mul" {
		return nil
	}
	for i := range 2 {
		exp, below := f.made(ir.Input(last, i), "Exp"), ir.Input(last, 1-i)
		if exp == nil || last.GetOpType() == "Div" && i == 1 {
			continue
		}
		p := &pattern{"Softmax", []ir.Node{exp, last}, []string{ir.Output(exp, 0), below}}
		if last.GetOpType() == "Mul" {
			inverse := f.made(below, "Reciprocal")
			if inverse == nil {
				continue
			}
			p.nodes, p.inner, below = append(p.nodes, inverse), append(p.inner, ir.Input(inverse, 0)), ir.Input(inverse, 0)
		}
		sum := f.made(below, "ReduceSum")
		if sum == nil || ir.Input(sum, 0) != ir.Output(exp, 0) {
			continue
		}
		p.nodes = append(p.nodes, sum)
		if sub := f.made(ir.Input(exp, 0), "Sub"); sub != nil {
			if most := f.made(ir.Input(sub, 1), "ReduceMax"); most != nil && ir.Input(most, 0) == ir.Input(sub, 0) && f.sameAxes(most, sum) {
				p.nodes, p.inner = append(p.nodes, sub, most), append(p.inner, ir.Input(exp, 0), ir.Input(sub, 1))
			}
		}
		return p
	}
	return nil
}

// logSoftmax matches a LogSoftmax of single operators by its last node:
//
//	d - Log(ReduceSum(Exp(d))), where d is x or x - ReduceMax(x)      x - ReduceLogSumExp(x)
func (f *finder) logSoftmax(last ir.Node) *pattern {
	d, below := ir.Input(last, 0), ir.Input(last, 1)
	if sum := f.made(below, "ReduceLogSumExp"); sum != nil && ir.Input(sum, 0) == d {
		return &pattern{"LogSoftmax", []ir.Node{sum, last}, []string{below}}
	}
	log := f.made(below, "Log")
	if log == nil {
		return nil
	}
	sum := f.made(ir.Input(log, 0), "ReduceSum")
	if sum == nil {
		return nil
	}
	exp := f.made(ir.Input(sum, 0), "Exp")
	if exp == nil || ir.Input(exp, 0) != d {
		return nil
	}
	p := &pattern{"LogSoftmax", []ir.Node{exp, sum, log, last}, []string{ir.Output(exp, 0), ir.Output(sum, 0), below}}
	if sub := f.made(d, "Sub"); sub != nil {
		if most := f.made(ir.Input(sub, 1), "ReduceMax"); most != nil && ir.Input(most, 0) == ir.Input(sub, 0) && f.sameAxes(most, sum) {
			p.nodes, p.inner = append(p.nodes, sub, most), append(p.inner, d, ir.Input(sub, 1))
		}
	}
	return p
}
