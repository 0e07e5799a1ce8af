package onnx

import "slices"

// findVaries finds the tensors whose values depend on the values of an input. Constants moved or expanded by a runtime
// shape do not: neither a shape nor the operands that say where to move count. The index of a Gather does, unless it
// comes from shapes alone.
func (f *finder) findVaries() {
	for t := range f.inputs {
		f.varies[t] = f.initializers[t] == nil
	}
	for _, n := range f.nodes {
		if !f.nodeVaries(n) {
			continue
		}
		for _, t := range n.GetOutput() {
			f.varies[t] = true
		}
	}
}

func (f *finder) nodeVaries(n node) bool {
	switch {
	case is(n, random):
		return true
	case is(n, shaping):
		return false
	case is(n, moving) && !is(n, indexed):
		return f.varies[input(n, 0)]
	}
	return slices.ContainsFunc(reads(n), func(t string) bool { return f.varies[t] })
}

// findNeeded finds the tensors whose values reach an output of the network.
func (f *finder) findNeeded() {
	for t := range f.outputs {
		f.needed[t] = true
	}
	for _, n := range slices.Backward(f.nodes) {
		if f.readsShape(n) || !slices.ContainsFunc(n.GetOutput(), func(t string) bool { return f.needed[t] }) {
			continue
		}
		f.live[n] = true
		for _, t := range reads(n) {
			f.needed[t] = true
		}
	}
}

// findLeaving finds the tensors of which all that is read are outputs of the network: themselves, or what only moves their values, such
// as a Reshape or Transpose in front of the output, or converts them to another float type. A maximum compares, and so does not
// count.
func (f *finder) findLeaving() {
	leave := make(map[node]bool) // all that comes of the node are outputs, or nothing reads it
	for _, n := range slices.Backward(f.nodes) {
		all := len(n.GetOutput()) > 0
		for _, t := range n.GetOutput() {
			if t == "" {
				continue
			}
			f.leaving[t] = f.needed[t] && !slices.ContainsFunc(f.Consumers(t), func(c node) bool {
				return f.live[c] && !(leave[c] && input(c, 0) == t && timesIn(c, t) == 1)
			})
			all = all && (f.leaving[t] || !f.needed[t])
		}
		leave[n] = all && f.handsOver(n)
	}
}

// handsOver reports whether a node only moves values of its first operand or converts them to another float type.
func (f *finder) handsOver(n node) bool {
	if is(n, lifting|lowering) {
		return false
	}
	convert := standard(n) && (n.GetOpType() == "Cast" || n.GetOpType() == "CastLike") && isFloat(f.Type(input(n, 0))) && isFloat(f.Type(output(n, 0)))
	return f.moves(n) || convert
}

func (f *finder) readsShape(n node) bool { return is(n, shaping) }

// feeds reports whether some node needs a tensor's values for an output of the network.
func (f *finder) feeds(t string) bool {
	return slices.ContainsFunc(f.Consumers(t), func(n node) bool { return f.live[n] })
}

// moves reports whether a node only moves values of its first operand that vary: a table that is read by a runtime index
// computes.
func (f *finder) moves(n node) bool { return f.Index.moves(n) && f.varies[input(n, 0)] }

// isZero reports whether a constant holds zeros alone.
func isZero(t tensor) bool {
	if values, err := Floats(t); err == nil {
		return !slices.ContainsFunc(values, func(v float32) bool { return v != 0 })
	}
	values, err := Ints(t)
	return err == nil && !slices.ContainsFunc(values, func(v int64) bool { return v != 0 })
}
