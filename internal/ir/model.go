package ir

import (
	"errors"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"slices"

	"example.org/demote/disk"
	"example.org/demote/internal/external"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// Versions that Read accepts, and the one in which everything is written. Operator set 21 is the first whose
// QuantizeLinear has 16-bit integers (https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html), and the last whose
// Conv ONNX Runtime 1.24 fuses. IR version 10 is the one that came with it
// (https://onnx.ai/onnx/repo-docs/Versioning.html, released versions).
const (
	MinOpset, MaxOpset = 7, 26
	minIR, maxIR       = 3, 13
	Opset, IR          = 21, 10
)

// Model is an ONNX file in memory. Every tensor has its bytes, also those of external data. A Model must not be
// changed while another goroutine uses it; several may read it at once. It needs no Close: bytes of a mapping live as
// long as the process, all others are garbage like any.
//
// The fields behind Path are what is known of a network beyond its file. They are empty for a model that was just
// read, and set by the passes that find them out.
type Model struct {
	Proto *onnxpb.ModelProto // the whole message; its tensors are replaced, never edited
	Dir   string             // folder of the file and of its external data
	Path  string             // the file as the user named it; "" for a model from memory
	Alone bool               // its inputs have the shapes of one sample, and some of them have no batch axis

	States []State        // states that a step of a sequence hands to the next one
	Steps  map[string]int // by input, if the shapes are those of samples: the number of steps; see backend.Tensor
	// Axes has the batch axis of a tensor, by its name, if the shapes are those of a batch. It is 0 for a tensor that
	// is absent.
	Axes map[string]int

	source   SourceFile
	external []external.File // in the order in which tensors name them

	// inputs that were removed from the graph, see variants.FixInput and variants.DropUnread
	Kept  []*onnxpb.ValueInfoProto
	Order []string // names of the graph's inputs before the first was removed
}

// Value describes an input or an output of a network.
type Value struct {
	Name string
	Type DType
	// sizes, outermost first; -1 for a symbolic one; empty but not nil for a scalar; nil if the rank is unknown or the
	// value is no tensor
	Dims []int64
}

// Read reads and checks an ONNX file with its external data. It maps large external data into memory, for the life of
// the process. Errors are mistake.Err and name the file: it is missing, not ONNX, truncated, of a version outside
// MinOpset to MaxOpset or minIR to maxIR, not a graph (a tensor without a producer or with two, a cycle), or the
// bytes of a tensor do not fit its shape.
func Read(path string) (*Model, error) {
	data, err := disk.Read(path, wire.MaxSize)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, mistake.Errorf("%s: no such file", path)
	case errors.Is(err, disk.ErrNotRegular):
		return nil, mistake.Errorf("%s: not a file", path)
	case errors.Is(err, disk.ErrTooLarge):
		return nil, mistake.Errorf("%s: it %w; an ONNX file ends at 2 GiB, larger weights belong into external data", path, Bare(err))
	case err != nil:
		return nil, mistake.Errorf("%s: cannot be read: %w", path, Bare(err))
	case len(data) == 0:
		return nil, mistake.Errorf("%s: the file is empty", path)
	}
	size := len(data)
	m, err := Parse(data, filepath.Dir(path))
	if err != nil {
		return nil, mistake.Errorf("%s: %w", path, err)
	}
	m.Path = path
	m.source = SourceFile{path, sumOf(data), int64(len(data))}
	if size > giveBackFrom {
		debug.FreeOSMemory() // what reading took beside the weights is garbage now
	}
	return m, nil
}

// giveBackFrom is the file size in bytes from which Read gives what it took beside the weights back to the system at
// once.
const giveBackFrom = 16 << 20

// Parse is Read for a file in memory. dir is the folder of its external data; "" has none, and tensors that ask for
// some are refused. The model keeps data, whose pieces its large weights are: the caller must not change it. Errors do
// not name a file.
//
// In this order it bounds the memory that decoding takes (wire.Check), decodes, checks versions, reads external data,
// checks every tensor against its shape, writes out sparse tensors, checks and sorts the graph, and bounds what
// inlining its functions makes of it. So no step sees what an earlier one refuses.
func Parse(data []byte, dir string) (*Model, error) {
	if err := wire.Check(data); err != nil {
		return nil, err
	}
	p := new(onnxpb.ModelProto)
	if err := wire.Decode(data, p); err != nil {
		return nil, mistake.Errorf("not an ONNX file, or a damaged one: %w", err)
	}
	m := &Model{Proto: p, Dir: dir}
	if err := m.checkVersions(); err != nil {
		return nil, err
	}
	if err := m.loadExternal(); err != nil {
		return nil, err
	}
	if err := m.checkTensors(); err != nil {
		return nil, err
	}
	if err := m.densify(); err != nil {
		return nil, err
	}
	if _, err := NewIndex(m); err != nil {
		return nil, err
	}
	return m, checkCalls(m)
}

// Clone copies the model. Nodes, attributes and lists are new. Tensors are new messages that share their data with m.
// The copy has no Sources.
func (m *Model) Clone() *Model {
	return &Model{Proto: wire.Clone(m.Proto), Dir: m.Dir, Path: m.Path, Kept: m.Kept, Order: m.Order, Alone: m.Alone,
		States: m.States, Steps: m.Steps, Axes: m.Axes}
}

// Graph returns the main graph.
func (m *Model) Graph() *onnxpb.GraphProto { return m.Proto.GetGraph() }

// Inputs returns the inputs that a caller must feed, those without an initializer, in the order of the file. Up to IR
// version 3 every initializer is among a graph's inputs as well (IR specification, Graphs), so the list of the file is
// longer. The slice is new.
func (m *Model) Inputs() []Value {
	constant := make(map[string]bool)
	for _, t := range m.Graph().GetInitializer() {
		constant[t.GetName()] = true
	}
	var all []Value
	for _, v := range m.Graph().GetInput() {
		if !constant[v.GetName()] {
			all = append(all, ValueOf(v))
		}
	}
	return all
}

// Defaults returns the inputs with an initializer. It is their default value, which this program takes as a constant.
func (m *Model) Defaults() []Value {
	fed := m.Inputs()
	var all []Value
	for _, v := range m.Graph().GetInput() {
		if !slices.ContainsFunc(fed, func(in Value) bool { return in.Name == v.GetName() }) {
			all = append(all, ValueOf(v))
		}
	}
	return all
}

// Outputs returns the outputs of the graph, in the order of the file, with the types and shapes that the file declares.
func (m *Model) Outputs() []Value {
	var all []Value
	for _, v := range m.Graph().GetOutput() {
		all = append(all, ValueOf(v))
	}
	return all
}

// OpsetOf returns the operator set version of a domain that the model imports, or 0. The standard domain is "".
func (m *Model) OpsetOf(domain string) int64 { return OpsetOf(m.Proto.GetOpsetImport(), domain) }

// OpsetOf returns the version of a domain in a list of imports, or 0. The standard domain is "".
func OpsetOf(imports []*onnxpb.OperatorSetIdProto, domain string) int64 {
	for _, o := range imports {
		if o.GetDomain() == domain || domain == "" && o.GetDomain() == "ai.onnx" {
			return o.GetVersion()
		}
	}
	return 0
}

// SetOpset returns a new list of imports, with the domain at that version, first in the list. It shares the other
// imports' messages.
func SetOpset(imports []*onnxpb.OperatorSetIdProto, domain string, version int64) []*onnxpb.OperatorSetIdProto {
	var all []*onnxpb.OperatorSetIdProto
	for _, o := range imports {
		if o.GetDomain() != domain && !(domain == "" && o.GetDomain() == "ai.onnx") {
			all = append(all, o)
		}
	}
	return append([]*onnxpb.OperatorSetIdProto{{Domain: &domain, Version: &version}}, all...)
}

// ValueOf returns the description of a value from its declaration. A size with a name (dim_param), without a value or
// with a negative one is -1. The slice is new.
func ValueOf(v *onnxpb.ValueInfoProto) Value {
	out := Value{Name: v.GetName()}
	t := v.GetType().GetTensorType()
	if t == nil {
		return out
	}
	out.Type = DType(t.GetElemType())
	if t.Shape == nil {
		return out
	}
	out.Dims = make([]int64, 0, len(t.Shape.Dim))
	for _, d := range t.Shape.Dim {
		size := int64(-1)
		if v, ok := d.GetValue().(*onnxpb.TensorShapeProto_Dimension_DimValue); ok && v.DimValue >= 0 {
			size = v.DimValue
		}
		out.Dims = append(out.Dims, size)
	}
	return out
}

// A State is the name of an output of a network for one step of a sequence, and of the input that it becomes at the
// next step. Both have one type and one shape.
type State struct{ Output, Input string }
