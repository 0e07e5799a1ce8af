package sites

import (
	"slices"

	"example.org/demote/internal/ir"
)

// poolPattern names what findPools finds.
const poolPattern = "the mask and count of a mean"

// findPools finds the masks and counts of means over what a mask leaves, as sentence embeddings are pooled
// (Reimers and Gurevych, Sentence-BERT, 2019):
//
//	ReduceSum(x * m) / Max(ReduceSum(m), epsilon)
//
// where m comes of the mask by casts, comparisons and reshapes alone, a Where may stand for the product, the quotient
// may be a product with a reciprocal, and lengths that the network is given may stand for the count. A runtime
// counts: neither is an activation, and a grid that spans the counts loses the epsilon. What is computed with weights
// that the network has computed is no mask.
func (f *finder) findPools() {
	for _, n := range f.Ordered {
		if !ir.Standard(n) || len(n.GetInput()) != 2 {
			continue
		}
		var p *pattern
		switch n.GetOpType() {
		case "Div":
			p = f.pool(n, ir.Input(n, 0), ir.Input(n, 1))
		case "Mul":
			for i := 0; i < 2 && p == nil; i++ {
				inverse, nodes := f.step(ir.Input(n, 1-i))
				switch {
				case inverse == nil:
				case inverse.GetOpType() == "Reciprocal":
					p = f.pool(n, ir.Input(n, i), ir.Input(inverse, 0))
				case inverse.GetOpType() == "Div" && f.fixed(ir.Input(inverse, 0)):
					p = f.pool(n, ir.Input(n, i), ir.Input(inverse, 1))
				}
				if p != nil {
					p.add(nodes...)
				}
			}
		}
		if p == nil {
			continue
		}
		f.pools = append(f.pools, *p)
		for _, n := range p.nodes {
			f.pooled[n] = true
		}
		for _, t := range p.inner {
			f.counts[t] = true
		}
	}
}

// add takes in nodes whose results are inside.
func (p *pattern) add(nodes ...ir.Node) {
	for _, n := range nodes {
		p.nodes = append(p.nodes, n)
		p.inner = append(p.inner, n.GetOutput()...)
	}
}

// pool matches a sum of what a mask leaves, or the mask itself, over its count.
func (f *finder) pool(last ir.Node, sum, count string) *pattern {
	counted, nodes := f.counted(count, maxNormDepth)
	if nodes == nil {
		return nil
	}
	p := &pattern{name: poolPattern, nodes: []ir.Node{last}}
	p.add(nodes...)
	add, through := f.step(sum)
	summed := add != nil && (add.GetOpType() == "ReduceSum" || add.GetOpType() == "ReduceMean" && counted != "")
	if counted == "" { // lengths
		if !summed {
			return nil
		}
		return p
	}
	root, before := f.maskRoot(counted)
	if !f.isMask(root, before) {
		return nil
	}
	p.add(before...)
	if own, nodes := f.maskRoot(sum); own == root { // the mask becomes weights
		p.add(nodes...)
		return p.withRoot(f, root)
	}
	if !summed {
		return nil
	}
	product, between := f.step(ir.Input(add, 0))
	if product == nil {
		return nil
	}
	for i := range min(2, len(product.GetInput())) {
		if op := product.GetOpType(); op != "Mul" && (op != "Where" || i > 0) {
			continue
		}
		if own, nodes := f.maskRoot(ir.Input(product, i)); own == root {
			p.add(nodes...)
			p.nodes = append(append(p.nodes, through...), between...)
			return p.withRoot(f, root)
		}
	}
	return nil
}

// withRoot puts a mask that is a float input of the network into the pattern.
func (p *pattern) withRoot(f *finder, root string) *pattern {
	if f.Inputs[root] {
		p.inner = append(p.inner, root)
	}
	return p
}

// counted matches a count, and what bounds it: it returns the tensor whose values are summed, "" for lengths, and the
// nodes.
func (f *finder) counted(t string, depth int) (string, []ir.Node) {
	n, nodes := f.step(t)
	if n == nil || depth == 0 {
		return "", nil
	}
	var next string
	switch n.GetOpType() {
	case "ReduceSum", "ReduceMean":
		return ir.Input(n, 0), nodes
	case "Clip":
		next = ir.Input(n, 0)
	case "Max", "Add", "Min":
		next, _ = f.besides(n)
	case "Cast":
		if next = ir.Input(n, 0); ir.WholeInt(f.Type(next)) {
			if counted, more := f.counted(next, depth-1); more != nil {
				return counted, append(nodes, more...)
			}
			return "", nodes
		}
	}
	counted, more := f.counted(next, depth-1)
	if more == nil {
		return "", nil
	}
	return counted, append(nodes, more...)
}

// maskRoot goes back to what a mask is made of by moves, casts, comparisons with constants and their opposites.
func (f *finder) maskRoot(t string) (string, []ir.Node) {
	var nodes []ir.Node
	for range maxNormDepth {
		n, through := f.step(t)
		if n == nil {
			origin, through := f.still(t)
			return origin, append(nodes, through...)
		}
		next := ""
		switch n.GetOpType() {
		case "Cast", "Not":
			next = ir.Input(n, 0)
		case "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual":
			next, _ = f.besides(n)
		case "Sub": // 1 - m
			if f.fixed(ir.Input(n, 0)) && f.varies[ir.Input(n, 1)] {
				next = ir.Input(n, 1)
			}
		}
		if next == "" {
			origin, through := f.still(t)
			return origin, append(nodes, through...)
		}
		nodes = append(nodes, through...)
		t = next
	}
	return t, nodes
}

// isMask reports whether what is made of a tensor by nodes is a mask: of an input, of integers or truths, or by a
// comparison.
func (f *finder) isMask(root string, behind []ir.Node) bool {
	if root == "" || !f.varies[root] {
		return false
	}
	return f.Inputs[root] || !ir.IsFloat(f.Type(root)) || slices.ContainsFunc(behind, func(n ir.Node) bool { return f.Type(ir.Output(n, 0)) == ir.Bool })
}
