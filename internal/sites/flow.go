package sites

import (
	"slices"

	"example.org/demote/internal/ir"
)

// findVaries finds the tensors whose values depend on the values of an input. Constants moved or expanded by a
// runtime shape do not: neither a shape nor the operands that say where to move count. The index of a Gather does,
// unless it comes from shapes alone.
func (f *finder) findVaries() {
	for t := range f.Inputs {
		f.varies[t] = f.Initializers[t] == nil
	}
	for _, n := range f.Ordered {
		if !f.nodeVaries(n) {
			continue
		}
		for _, t := range n.GetOutput() {
			f.varies[t] = true
		}
	}
}

func (f *finder) nodeVaries(n ir.Node) bool {
	switch {
	case ir.Is(n, ir.Random):
		return true
	case ir.Is(n, ir.Shaping):
		return false
	case ir.Is(n, ir.Moving) && !ir.Is(n, ir.Indexed):
		return f.varies[ir.Input(n, 0)]
	}
	return slices.ContainsFunc(ir.Reads(n), func(t string) bool { return f.varies[t] })
}

// findNeeded finds the tensors whose values reach an output of the network.
func (f *finder) findNeeded() {
	for t := range f.Outputs {
		f.needed[t] = true
	}
	for _, n := range slices.Backward(f.Ordered) {
		if f.readsShape(n) || !slices.ContainsFunc(n.GetOutput(), func(t string) bool { return f.needed[t] }) {
			continue
		}
		f.live[n] = true
		for _, t := range ir.Reads(n) {
			f.needed[t] = true
		}
	}
}

// findLeaving finds the tensors of which all that is read are outputs of the network: themselves, or what only moves
// their values, such as a Reshape or Transpose in front of the output, or converts them to another float type. A
// maximum compares, and so does not count.
func (f *finder) findLeaving() {
	leave := make(map[ir.Node]bool) // all that comes of the node are outputs, or nothing reads it
	for _, n := range slices.Backward(f.Ordered) {
		all := len(n.GetOutput()) > 0
		for _, t := range n.GetOutput() {
			if t == "" {
				continue
			}
			f.leaving[t] = f.needed[t] && !slices.ContainsFunc(f.Consumers(t), func(c ir.Node) bool {
				return f.live[c] && !(leave[c] && ir.Input(c, 0) == t && ir.TimesIn(c, t) == 1)
			})
			all = all && (f.leaving[t] || !f.needed[t])
		}
		leave[n] = all && f.handsOver(n)
	}
}

// handsOver reports whether a node only moves values of its first operand or converts them to another float type.
func (f *finder) handsOver(n ir.Node) bool {
	if ir.Is(n, ir.Lifting|ir.Lowering) {
		return false
	}
	convert := ir.Standard(n) && (n.GetOpType() == "Cast" || n.GetOpType() == "CastLike") && ir.IsFloat(f.Type(ir.Input(n, 0))) && ir.IsFloat(f.Type(ir.Output(n, 0)))
	return f.moves(n) || convert
}

func (f *finder) readsShape(n ir.Node) bool { return ir.Is(n, ir.Shaping) }

// feeds reports whether some node needs a tensor's values for an output of the network.
func (f *finder) feeds(t string) bool {
	return slices.ContainsFunc(f.Consumers(t), func(n ir.Node) bool { return f.live[n] })
}

// moves reports whether a node only moves values of its first operand that vary: a table that is read by a runtime
// index computes.
func (f *finder) moves(n ir.Node) bool { return f.Index.Moves(n) && f.varies[ir.Input(n, 0)] }
