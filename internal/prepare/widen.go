package prepare

import (
	"encoding/binary"
	"math"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// PrecisionError is the mistake.Err of a network that computes in another floating-point type than float32, for which
// alone grids are defined. Widen converts such a network.
type PrecisionError struct {
	Type ir.DType // that it computes in
	err  error
}

// Error names the node that computes in that type.
func (e *PrecisionError) Error() string { return e.err.Error() }

// Unwrap is the error of the node, a mistake.Err.
func (e *PrecisionError) Unwrap() error { return e.err }

// typeAttributes are the attributes of operators that name the element type of what they make, or that they compute
// in. https://onnx.ai/onnx/operators/
var typeAttributes = []string{"to", "dtype", "output_dtype", "output_datatype", "stash_type", "softmax_precision"}

// Widen converts a model that computes in another floating-point type to float32: its constants, its declared types
// (also of inputs and outputs), and the types that its operators name. Constants of float16 and bfloat16 are exact;
// those of float64 are rounded, and values beyond float32 become its largest number. A Cast from one floating-point
// type to another then passes its values on. Errors match mistake.Err and name a damaged tensor.
func Widen(m *ir.Model, from ir.DType) error {
	w := widener{from: from, idle: map[ir.Node]bool{}}
	if err := m.Walk(func(p *ir.Place, n ir.Node) error {
		if ir.Standard(n) && n.GetOpType() == "Cast" && w.float(p.Types.Known(ir.Input(n, 0))) && w.float(ir.DType(ir.AttrInt(n, "to", 0))) {
			w.idle[n] = true
		}
		return nil
	}); err != nil {
		return err
	}
	if err := w.graph(m.Graph()); err != nil {
		return m.InFile(err)
	}
	for _, f := range m.Proto.GetFunctions() {
		if err := w.nodes(f.GetNode()); err != nil {
			return m.InFile(err)
		}
		w.values(f.GetValueInfo())
	}
	return nil
}

// A widener has a model compute in float32.
type widener struct {
	from ir.DType
	idle map[ir.Node]bool // Casts that pass their values on
}

// float reports whether a type is float32, or is to be.
func (w widener) float(t ir.DType) bool { return t == ir.Float || t == w.from }

func (w widener) graph(g ir.Graph) error {
	for i, t := range g.GetInitializer() {
		wide, err := w.tensor(t)
		if err != nil {
			return err
		}
		g.Initializer[i] = wide
	}
	for _, s := range g.GetSparseInitializer() {
		wide, err := w.tensor(s.GetValues())
		if err != nil {
			return err
		}
		s.Values = wide
	}
	for _, list := range [][]*onnxpb.ValueInfoProto{g.GetInput(), g.GetOutput(), g.GetValueInfo()} {
		w.values(list)
	}
	return w.nodes(g.GetNode())
}

func (w widener) nodes(list []ir.Node) error {
	for _, n := range list {
		if w.idle[n] {
			n.OpType, n.Attribute = ir.Str("Identity"), nil
			continue
		}
		for _, a := range n.GetAttribute() {
			if a.GetType() == onnxpb.AttributeProto_INT && ir.DType(a.GetI()) == w.from && ir.Standard(n) && slices.Contains(typeAttributes, a.GetName()) {
				*a.I = int64(ir.Float)
			}
			if a.GetT() != nil {
				wide, err := w.tensor(a.GetT())
				if err != nil {
					return err
				}
				a.T = wide
			}
			if a.GetTp() != nil {
				w.typ(a.GetTp())
			}
		}
		for _, body := range ir.Subgraphs(n) {
			if err := w.graph(body); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w widener) values(list []*onnxpb.ValueInfoProto) {
	for _, v := range list {
		w.typ(v.GetType())
	}
}

func (w widener) typ(t *onnxpb.TypeProto) {
	switch {
	case t == nil:
	case t.GetTensorType() != nil:
		if x := t.GetTensorType(); ir.DType(x.GetElemType()) == w.from {
			x.ElemType = (*int32)(ir.Float.Enum())
		}
	case t.GetSequenceType() != nil:
		w.typ(t.GetSequenceType().GetElemType())
	case t.GetOptionalType() != nil:
		w.typ(t.GetOptionalType().GetElemType())
	}
}

// tensor is a constant in float32: another one where its type is to change.
func (w widener) tensor(t ir.Tensor) (ir.Tensor, error) {
	if ir.DType(t.GetDataType()) != w.from {
		return t, nil
	}
	values, err := ir.Floats(t)
	if err != nil {
		return nil, err
	}
	saturate(t, values)
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	wide := ir.NewTensor(t.GetName(), ir.Float, slices.Clone(t.GetDims()), raw)
	wide.DocString, wide.MetadataProps = t.DocString, t.MetadataProps
	return wide, nil
}

// saturate puts the largest float32 in the place of infinities that stand for finite float64 numbers: masks are made
// of such.
func saturate(t ir.Tensor, values []float32) {
	if ir.DType(t.GetDataType()) != ir.Double {
		return
	}
	for i, v := range values {
		if !math.IsInf(float64(v), 0) {
			continue
		}
		var exact float64
		if raw := t.GetRawData(); raw != nil {
			exact = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
		} else {
			exact = t.DoubleData[i]
		}
		if !math.IsInf(exact, 0) {
			values[i] = float32(math.Copysign(math.MaxFloat32, exact))
		}
	}
}
