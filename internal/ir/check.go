package ir

import (
	"fmt"
	"slices"

	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// checkVersions refuses files without a graph, and of IR and operator set versions that this package does not know. It
// drops imports that are repeated. A model imports each domain once (IR specification, Models: opset_import), and some
// exporters do it again in the same version.
func (m *Model) checkVersions() error {
	p := m.Proto
	switch {
	case p.GetIrVersion() == 0 && len(p.GetOpsetImport()) == 0 || p.GetGraph() == nil:
		return mistake.Errorf("not an ONNX model: it has no graph (is this another kind of file?)")
	case p.GetIrVersion() < minIR || p.GetIrVersion() > maxIR:
		return mistake.Errorf("IR version %d is not supported: %d to %d are; convert it with onnx.version_converter, or export the model again", p.GetIrVersion(), minIR, maxIR)
	case len(p.GetOpsetImport()) == 0:
		return mistake.Errorf("the model imports no operator set; the file is truncated or was made by a broken exporter")
	}
	seen := make(map[string]int64)
	for _, o := range p.GetOpsetImport() {
		domain := o.GetDomain()
		if domain == "ai.onnx" {
			domain = ""
		}
		if v, twice := seen[domain]; twice && v != o.GetVersion() {
			return mistake.Errorf("operator set %q is imported twice, in versions %d and %d; export the model again", domain, v, o.GetVersion())
		}
		seen[domain] = o.GetVersion()
	}
	if len(seen) < len(p.GetOpsetImport()) {
		p.OpsetImport = onceEach(p.GetOpsetImport())
	}
	v := m.OpsetOf("")
	if v < MinOpset || v > MaxOpset {
		return mistake.Errorf("opset %d is not supported: %d to %d are; export the model again, with opset_version=17, or convert it with onnx.version_converter",
			v, MinOpset, MaxOpset)
	}
	return nil
}

// onceEach returns the first import of every domain.
func onceEach(imports []*onnxpb.OperatorSetIdProto) []*onnxpb.OperatorSetIdProto {
	seen := make(map[string]bool)
	return slices.DeleteFunc(slices.Clone(imports), func(o *onnxpb.OperatorSetIdProto) bool {
		domain := o.GetDomain()
		if domain == "ai.onnx" {
			domain = ""
		}
		again := seen[domain]
		seen[domain] = true
		return again
	})
}

// checkTensors checks every tensor of the model, wherever it is.
func (m *Model) checkTensors() error {
	return m.EachTensor(func(where string, t Tensor) error {
		if err := CheckTensor(t); err != nil {
			return mistake.Errorf("%s: %w", where, err)
		}
		return nil
	})
}

// CheckTensor returns a mistake.Err for a tensor whose data do not fit its type and shape, and names the tensor.
//
// Elements are in raw_data, of fixed width and little-endian, or in the list of their type: float_data for float and
// complex64, double_data for double and complex128, int64_data for int64, uint64_data for uint32 and uint64,
// string_data for strings, and int32_data for all others, with those below 8 bits packed (onnx.proto, TensorProto). A
// complex number takes two values, its real part first.
func CheckTensor(t Tensor) error {
	typ := DType(t.GetDataType())
	n, err := Count(t.GetDims())
	if err != nil {
		return mistake.Errorf("tensor %q: %w", t.GetName(), err)
	}
	if t.GetSegment() != nil {
		return mistake.Errorf("tensor %q is stored in segments, which ONNX never defined", t.GetName())
	}
	if t.GetDataLocation() == onnxpb.TensorProto_EXTERNAL {
		return mistake.Errorf("tensor %q has external data that were not read", t.GetName())
	}
	if typ == onnxpb.TensorProto_STRING {
		return fits(t, "strings", int64(len(t.StringData)), n)
	}
	size, err := ByteSize(typ, t.GetDims())
	if err != nil {
		return mistake.Errorf("tensor %q: %w", t.GetName(), err)
	}
	if t.RawData != nil {
		return fits(t, "bytes", int64(len(t.RawData)), size)
	}
	switch typ {
	case Float:
		return fits(t, "values", int64(len(t.FloatData)), n)
	case onnxpb.TensorProto_COMPLEX64:
		return fits(t, "values", int64(len(t.FloatData)), 2*n)
	case Double:
		return fits(t, "values", int64(len(t.DoubleData)), n)
	case onnxpb.TensorProto_COMPLEX128:
		return fits(t, "values", int64(len(t.DoubleData)), 2*n)
	case Int64:
		return fits(t, "values", int64(len(t.Int64Data)), n)
	case onnxpb.TensorProto_UINT32, onnxpb.TensorProto_UINT64:
		return fits(t, "values", int64(len(t.Uint64Data)), n)
	}
	if ElemBits(typ) < 8 {
		n = size
	}
	return fits(t, "values", int64(len(t.Int32Data)), n)
}

// fits is the error of data with another number of elements or bytes than the shape needs.
func fits(t Tensor, what string, have, want int64) error {
	if have == want {
		return nil
	}
	return mistake.Errorf("tensor %q of type %s and dimensions %v has %d %s of data instead of %d",
		t.GetName(), DType(t.GetDataType()), t.GetDims(), have, what, want)
}

// EachTensor calls f for every tensor of the model: initializers, values and indices of sparse ones, and attributes,
// also in subgraphs, functions and training graphs. where describes the place of the tensor for messages, such as
// "graph: Conv node "c", attribute value". f may change a tensor that no clone shares, as the reader does before there
// is any. It stops at the first error of f and returns it; its own is a mistake.Err for a sparse tensor that lacks
// values or indices or has no valid shape.
func (m *Model) EachTensor(f func(where string, t Tensor) error) error {
	if err := graphTensors(m.Graph(), "graph", f); err != nil {
		return err
	}
	for _, fn := range m.Proto.GetFunctions() {
		where := fmt.Sprintf("function %q", fn.GetName())
		if err := nodeTensors(fn.GetNode(), where, f); err != nil {
			return err
		}
		if err := attrTensors(fn.GetAttributeProto(), where, f); err != nil {
			return err
		}
	}
	for _, t := range m.Proto.GetTrainingInfo() {
		for _, g := range []Graph{t.GetInitialization(), t.GetAlgorithm()} {
			if err := graphTensors(g, "training graph", f); err != nil {
				return err
			}
		}
	}
	return nil
}

// graphTensors is EachTensor for one graph, and the bodies in it.
func graphTensors(g Graph, where string, f func(string, Tensor) error) error {
	for _, t := range g.GetInitializer() {
		if err := f(where, t); err != nil {
			return err
		}
	}
	for _, s := range g.GetSparseInitializer() {
		if err := sparseTensors(s, where, f); err != nil {
			return err
		}
	}
	return nodeTensors(g.GetNode(), where, f)
}

// nodeTensors is EachTensor for the attributes of nodes.
func nodeTensors(nodes []Node, where string, f func(string, Tensor) error) error {
	for _, n := range nodes {
		if len(n.GetAttribute()) == 0 {
			continue
		}
		if err := attrTensors(n.GetAttribute(), where+": "+NodeName(n), f); err != nil {
			return err
		}
	}
	return nil
}

// attrTensors is EachTensor for a list of attributes: their tensors, sparse tensors and graphs, alone and in lists.
func attrTensors(attrs []*onnxpb.AttributeProto, where string, f func(string, Tensor) error) error {
	for _, a := range attrs {
		at := where + ", attribute " + a.GetName()
		tensors := a.GetTensors()
		if a.GetT() != nil {
			tensors = append([]Tensor{a.GetT()}, tensors...)
		}
		for _, t := range tensors {
			if err := f(at, t); err != nil {
				return err
			}
		}
		sparse := a.GetSparseTensors()
		if a.GetSparseTensor() != nil {
			sparse = append([]*onnxpb.SparseTensorProto{a.GetSparseTensor()}, sparse...)
		}
		for _, s := range sparse {
			if err := sparseTensors(s, at, f); err != nil {
				return err
			}
		}
		graphs := a.GetGraphs()
		if a.GetG() != nil {
			graphs = append([]Graph{a.GetG()}, graphs...)
		}
		for _, g := range graphs {
			if err := graphTensors(g, at, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// sparseTensors is EachTensor for the values and the indices of a sparse tensor.
func sparseTensors(s *onnxpb.SparseTensorProto, where string, f func(string, Tensor) error) error {
	if _, err := Count(s.GetDims()); err != nil {
		return mistake.Errorf("%s: sparse tensor %q: %w", where, s.GetValues().GetName(), err)
	}
	for _, t := range []Tensor{s.GetValues(), s.GetIndices()} {
		if t == nil {
			return mistake.Errorf("%s: a sparse tensor lacks values or indices", where)
		}
		if err := f(where, t); err != nil {
			return err
		}
	}
	return nil
}
