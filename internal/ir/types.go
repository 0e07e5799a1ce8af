package ir

import (
	"example.org/demote/onnx/onnxpb"
)

// inferTypes sets the element types of the main graph: the declared ones of inputs, those of the data for initializers,
// computed ones for known operators, the declared ones for the rest. What a file declares of a tensor that a node
// computes is not trusted where the type is known: value infos are optional, and may be left from before a conversion.
func (x *Index) inferTypes(m *Model) {
	g := m.Graph()
	t := &Typer{Declared: make(map[string]DType), Own: x.Types}
	t.Graph(g)
}

// Typer infers the element types of one graph. Declared has the types that the file declares, Own the result, both by
// name. Outer is the Typer of the graph around it, or nil.
type Typer struct {
	Declared, Own map[string]DType
	Outer         *Typer
}

// Known returns the inferred type of a name in this graph or one around it, or Undefined.
func (t *Typer) Known(name string) DType {
	for ; t != nil; t = t.Outer {
		if typ, ok := t.Own[name]; ok {
			return typ
		}
	}
	return Undefined
}

// Graph infers the types of the tensors of g into Own, node by node in the order of the graph, which must be
// topological. Own and Declared must not be nil.
func (t *Typer) Graph(g Graph) {
	for _, values := range [][]*onnxpb.ValueInfoProto{g.GetValueInfo(), g.GetOutput(), g.GetInput()} {
		for _, v := range values {
			t.Declared[v.GetName()] = DType(v.GetType().GetTensorType().GetElemType())
		}
	}
	for _, v := range g.GetInput() {
		t.Own[v.GetName()] = t.Declared[v.GetName()]
	}
	for _, c := range g.GetInitializer() {
		t.Own[c.GetName()] = DType(c.GetDataType())
	}
	for _, c := range g.GetSparseInitializer() {
		t.Own[c.GetValues().GetName()] = DType(c.GetValues().GetDataType())
	}
	for _, n := range g.GetNode() {
		inner := t.bodies(n)
		for i, out := range n.GetOutput() {
			if out == "" {
				continue
			}
			typ := t.output(n, i, inner)
			if typ == Undefined {
				typ = t.Declared[out]
			}
			t.Own[out] = typ
		}
	}
}

// bodies returns the types of the outputs of a node's first subgraph. The second branch of an If has the same types.
func (t *Typer) bodies(n Node) []DType {
	graphs := Subgraphs(n)
	if len(graphs) == 0 {
		return nil
	}
	body := graphs[0]
	inner := &Typer{Declared: make(map[string]DType), Own: make(map[string]DType), Outer: t}
	inner.Graph(body)
	var types []DType
	for _, v := range body.GetOutput() {
		types = append(types, inner.Known(v.GetName()))
	}
	return types
}

// FixedTypes has the element type of the standard operators whose first output has the same type for all inputs, by
// operator type. It is read only.
var FixedTypes = map[string]DType{
	"Shape": Int64, "Size": Int64, "ArgMax": Int64, "ArgMin": Int64, "NonZero": Int64, "NonMaxSuppression": Int64,
	"SequenceLength": Int64, "Equal": Bool, "Greater": Bool, "Less": Bool, "GreaterOrEqual": Bool, "LessOrEqual": Bool, "And": Bool,
	"Or": Bool, "Xor": Bool, "Not": Bool, "IsNaN": Bool, "IsInf": Bool, "OptionalHasElement": Bool, "RegexFullMatch": Bool,
	"ConvInteger": Int32, "MatMulInteger": Int32, "TfIdfVectorizer": Float, "ImageDecoder": Uint8,
	"StringNormalizer": onnxpb.TensorProto_STRING, "StringConcat": onnxpb.TensorProto_STRING,
}

// typeOfInput has the input from which an operator takes its type, if it is not the first one.
var typeOfInput = map[string]int{
	"CastLike": 1, "Where": 1, "DequantizeLinear": 1, "QLinearConv": 7, "QLinearMatMul": 7, "OneHot": 2,
}

// attrTypes has the attribute with the type of an operator's output, and the type without the attribute. Undefined:
// the type of the first input.
var attrTypes = map[string]struct {
	name string
	def  DType
}{
	"Cast": {"to", Undefined}, "RandomNormal": {"dtype", Float}, "RandomUniform": {"dtype", Float},
	"RandomNormalLike": {"dtype", Undefined}, "RandomUniformLike": {"dtype", Undefined}, "EyeLike": {"dtype", Undefined},
	"Bernoulli": {"dtype", Undefined}, "Multinomial": {"dtype", Int32}, "HannWindow": {"output_datatype", Float},
	"HammingWindow": {"output_datatype", Float}, "BlackmanWindow": {"output_datatype", Float},
	"MelWeightMatrix": {"output_datatype", Float},
}

// laterTypes has the types of the second and later outputs, if they differ from the first one's.
var laterTypes = map[string][]DType{
	"TopK": {Int64}, "Dropout": {Bool}, "MaxPool": {Int64}, "Unique": {Int64, Int64, Int64}, "StringSplit": {Int64},
	"DynamicQuantizeLinear": {Float, Uint8},
}

// output returns the type of output i of a node, or Undefined for unknown operators and values that are no tensors.
// inner has the types of the outputs of its body.
func (t *Typer) output(n Node, i int, inner []DType) DType {
	op := n.GetOpType()
	first := t.Known(Input(n, 0))
	if !Standard(n) {
		if n.GetDomain() != "com.microsoft" && n.GetDomain() != FakeQuantDomain || t.Declared[Output(n, i)] != Undefined {
			return Undefined
		}
	}
	if later := laterTypes[op]; i > 0 && i <= len(later) {
		return later[i-1]
	}
	if typ, ok := FixedTypes[op]; ok {
		return typ
	}
	if from, ok := typeOfInput[op]; ok {
		return t.Known(Input(n, from))
	}
	if a, ok := attrTypes[op]; ok {
		if typ := DType(AttrInt(n, a.name, int64(a.def))); typ != Undefined {
			return typ
		}
		return first
	}
	switch op {
	case "Constant":
		return DType(ConstantValue(n).GetDataType())
	case "ConstantOfShape":
		if a := Attr(n, "value"); a != nil {
			return DType(a.GetT().GetDataType())
		}
		return Float
	case "QuantizeLinear":
		if typ := DType(AttrInt(n, "output_dtype", 0)); typ != Undefined {
			return typ
		}
		if zero := t.Known(Input(n, 2)); zero != Undefined {
			return zero
		}
		return Uint8
	case "DynamicQuantizeLinear":
		return Uint8
	case "If", "Scan":
		return at(inner, i)
	case "Loop": // the body's first output is the condition
		return at(inner, i+1)
	case "SequenceEmpty", "SequenceConstruct", "SequenceInsert", "SequenceErase", "SequenceAt", "SplitToSequence",
		"SequenceMap", "Optional", "OptionalGetElement", "ConcatFromSequence":
		return Undefined
	}
	return first
}

// at is element i of a list, or Undefined behind its end.
func at(types []DType, i int) DType {
	if i < len(types) {
		return types[i]
	}
	return Undefined
}

// ValueInfos returns the declarations of the main graph's inputs, outputs and other tensors, by name; of a tensor that
// is declared twice, that of the output, else that of the input. The map is new, and the model owns the declarations.
func (m *Model) ValueInfos() map[string]*onnxpb.ValueInfoProto {
	info := make(map[string]*onnxpb.ValueInfoProto)
	g := m.Graph()
	for _, list := range [][]*onnxpb.ValueInfoProto{g.GetValueInfo(), g.GetInput(), g.GetOutput()} {
		for _, v := range list {
			info[v.GetName()] = v
		}
	}
	return info
}

// IsFloat reports whether a type is float32, float64, float16 or bfloat16; 8-bit and 4-bit floats, which only
// quantizers make, are not.
func IsFloat(t DType) bool {
	return t == Float || t == Double || t == Float16 || t == BFloat16
}

// WholeInt reports whether a type is bool or an integer of at least 8 bits whose values all fit int64.
func WholeInt(t DType) bool {
	switch t {
	case Bool, Int8, Uint8, Int16, Uint16, Int32, onnxpb.TensorProto_UINT32, Int64:
		return true
	}
	return false
}

// TypeName returns the name of a float type other than float32 for messages.
func TypeName(t DType) string {
	switch t {
	case Float16:
		return "float16"
	case BFloat16:
		return "bfloat16"
	}
	return "double"
}
