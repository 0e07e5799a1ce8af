package ir

import (
	"example.org/demote/onnx/onnxpb"
)

// inferTypes fills in the element types of the main graph: declared ones for inputs, computed ones where the operator is
// known, declared ones again for the rest.
func (x *Index) inferTypes(m *Model) {
	g := m.Graph()
	t := &Typer{Declared: make(map[string]DType), Own: x.Types}
	t.Graph(g)
}

// Typer infers element types in one graph. Subgraphs see the types around them.
type Typer struct {
	Declared, Own map[string]DType
	Outer         *Typer
}

// Known returns the type of a name in this graph or one around it.
func (t *Typer) Known(name string) DType {
	for ; t != nil; t = t.Outer {
		if typ, ok := t.Own[name]; ok {
			return typ
		}
	}
	return Undefined
}

// Graph finds the types of a graph's tensors.
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

// bodies returns the output types of a node's first subgraph; a second branch of an If has the same.
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

// FixedTypes are the element types of operators whose outputs have one type whatever goes in.
var FixedTypes = map[string]DType{
	"Shape": Int64, "Size": Int64, "ArgMax": Int64, "ArgMin": Int64, "NonZero": Int64, "NonMaxSuppression": Int64,
	"SequenceLength": Int64, "Equal": Bool, "Greater": Bool, "Less": Bool, "GreaterOrEqual": Bool, "LessOrEqual": Bool, "And": Bool,
	"Or": Bool, "Xor": Bool, "Not": Bool, "IsNaN": Bool, "IsInf": Bool, "OptionalHasElement": Bool, "RegexFullMatch": Bool,
	"ConvInteger": Int32, "MatMulInteger": Int32, "TfIdfVectorizer": Float, "ImageDecoder": Uint8,
	"StringNormalizer": onnxpb.TensorProto_STRING, "StringConcat": onnxpb.TensorProto_STRING,
}

// typeOfInput names, for operators that do not take their type from their first input, the one that it comes from.
var typeOfInput = map[string]int{
	"CastLike": 1, "Where": 1, "DequantizeLinear": 1, "QLinearConv": 7, "QLinearMatMul": 7, "OneHot": 2,
}

// attrTypes names the attribute that holds the type, and the type without it; Undefined: that of the first input.
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

// laterTypes are the types of second and later outputs that differ from the first one's.
var laterTypes = map[string][]DType{
	"TopK": {Int64}, "Dropout": {Bool}, "MaxPool": {Int64}, "Unique": {Int64, Int64, Int64}, "StringSplit": {Int64},
	"DynamicQuantizeLinear": {Float, Uint8},
}

// output returns the type of a node's output, Undefined where the operator is not known or makes no tensor.
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

func at(types []DType, i int) DType {
	if i < len(types) {
		return types[i]
	}
	return Undefined
}

// ValueInfos are the descriptions of all tensors that have one, by name.
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

// IsFloat reports whether a type is one of floating point.
func IsFloat(t DType) bool {
	return t == Float || t == Double || t == Float16 || t == BFloat16
}

// WholeInt reports whether a type is an integer or boolean of whole bytes that int64 holds.
func WholeInt(t DType) bool {
	switch t {
	case Bool, Int8, Uint8, Int16, Uint16, Int32, onnxpb.TensorProto_UINT32, Int64:
		return true
	}
	return false
}

// TypeName is what messages call a type.
func TypeName(t DType) string {
	switch t {
	case Float16:
		return "float16"
	case BFloat16:
		return "bfloat16"
	}
	return "double"
}
