package onnx

import "slices"

// Operators that read only the dimensions of an operand, or make values without any.
var (
	shapeReaders = map[string]bool{"Shape": true, "Size": true, "ConstantOfShape": true, "EyeLike": true}
	randomOps    = map[string]bool{
		"RandomNormal": true, "RandomUniform": true, "RandomNormalLike": true, "RandomUniformLike": true,
		"Bernoulli": true, "Multinomial": true,
	}
)

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
	op := n.GetOpType()
	if standard(n) {
		if randomOps[op] {
			return true
		}
		if shapeReaders[op] {
			return false
		}
		if source, ok := movingOps[op]; ok && op != "Gather" && op != "GatherElements" && op != "GatherND" {
			return f.varies[input(n, source)]
		}
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

func (f *finder) readsShape(n node) bool { return standard(n) && shapeReaders[n.GetOpType()] }

// feeds reports whether some node needs a tensor's values for an output of the network.
func (f *finder) feeds(t string) bool {
	return slices.ContainsFunc(f.Consumers(t), func(n node) bool { return f.live[n] })
}

// movingOps are the operators whose output holds nothing but values of one operand, its number given, or zeros. Some do so
// only in certain cases, which moves looks at.
var movingOps = map[string]int{
	"Reshape": 0, "Transpose": 0, "Flatten": 0, "Squeeze": 0, "Unsqueeze": 0, "Slice": 0, "Split": 0, "Gather": 0, "Pad": 0,
	"MaxPool": 0, "Identity": 0, "Dropout": 0, "Expand": 0, "DepthToSpace": 0,
	"SpaceToDepth": 0, "Tile": 0, "GatherElements": 0, "GatherND": 0, "ReverseSequence": 0, "Compress": 0, "Trilu": 0,
	"GlobalMaxPool": 0, "ReduceMax": 0, "ReduceMin": 0, "TopK": 0, "CenterCropPad": 0, "MaxUnpool": 0, "Unique": 0,
	"Resize": 0, "Cast": 0, "CastLike": 0,
}

// moves reports whether a node only moves values of an operand, and which: its output is on that operand's grid.
func (f *finder) moves(n node) (source int, ok bool) {
	op := n.GetOpType()
	source, ok = movingOps[op]
	if !ok || !standard(n) || !f.varies[input(n, source)] {
		return 0, false // a table that is read by a runtime index computes
	}
	switch op {
	case "Pad":
		return source, f.padsNothingNew(n)
	case "Resize":
		return source, attrString(n, "mode", "nearest") == "nearest" &&
			attrString(n, "coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize"
	case "Cast", "CastLike":
		return source, f.Type(input(n, source)) == f.Type(output(n, 0))
	case "Dropout":
		training := f.Constant(input(n, 2))
		return source, input(n, 2) == "" || training != nil && isZero(training)
	}
	return source, true
}

// padsNothingNew reports whether a Pad fills with zero or with values of its operand.
func (f *finder) padsNothingNew(n node) bool {
	if attrString(n, "mode", "constant") != "constant" || input(n, 2) == "" {
		return true
	}
	value := f.Constant(input(n, 2))
	return value != nil && isZero(value)
}

// isZero reports whether a constant holds zeros alone.
func isZero(t tensor) bool {
	if values, err := Floats(t); err == nil {
		return !slices.ContainsFunc(values, func(v float32) bool { return v != 0 })
	}
	values, err := Ints(t)
	return err == nil && !slices.ContainsFunc(values, func(v int64) bool { return v != 0 })
}
