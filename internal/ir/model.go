package ir

import (
	"errors"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"slices"

	"example.org/demote/disk"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// Versions that are accepted, and the one that everything is written in: operator set 21 is the first whose
// QuantizeLinear knows 16-bit integers, and the last whose Conv ONNX Runtime 1.24 fuses.
const (
	MinOpset, MaxOpset = 7, 23
	MinIR, MaxIR       = 3, 12
	Opset, IR          = 21, 10
)

// maxProto is the size that a protobuf message must not reach.
const maxProto = 1<<31 - 1

// Model is an ONNX file in memory. External data are part of it: every tensor has its bytes, whichever file they lie in.
type Model struct {
	Proto *onnxpb.ModelProto
	Dir   string // folder of the file, where its external data are
	Path  string // the file as the user named it, "" if it came from memory
	Alone bool   // its inputs have the shapes of one sample, of which some have no batch in front

	States []State        // what a step of a sequence hands to the next one
	Steps  map[string]int // by input, where the shapes are those of samples: how many steps each has; see backend.Tensor
	// Axes are the axes on which the samples of a block lie, by tensor, where the shapes are those of a block; nil: all lie in front.
	Axes map[string]int

	source   SourceFile
	external []externalFile // in the order in which tensors name them

	Kept  []*onnxpb.ValueInfoProto // inputs that are off the graph, see variants.FixInput and variants.DropUnread
	Order []string                 // the graph's inputs before the first of them was taken off
}

// Value describes an input or an output of a network.
type Value struct {
	Name string
	Type DType
	Dims []int64 // -1 where the size is free; nil where the rank is unknown or the value is no tensor
}

// Read reads and checks an ONNX file with its external data. Errors that match mistake.Err say what is wrong with the file:
// it is missing, not ONNX, truncated, of a version outside MinOpset to MaxOpset or MinIR to MaxIR, not a graph (a tensor
// that nobody makes, two producers, a cycle), or a tensor's bytes do not fit its dimensions.
func Read(path string) (*Model, error) {
	data, err := disk.Read(path, maxProto)
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
		debug.FreeOSMemory() // a large file's bytes, which the model has now, are not to stand beside what is made of it
	}
	return m, nil
}

// giveBackFrom is the size from which the memory of what has been read is given back at once.
const giveBackFrom = 16 << 20

// Parse is Read for bytes in memory; dir is the folder in which external data may lie. The model keeps data, of which its weights are pieces.
func Parse(data []byte, dir string) (*Model, error) {
	if err := checkWire(data); err != nil {
		return nil, err
	}
	p := new(onnxpb.ModelProto)
	if err := Unmarshal(data, p); err != nil {
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

// Graph returns the main graph.
func (m *Model) Graph() *onnxpb.GraphProto { return m.Proto.GetGraph() }

// Inputs returns what a caller must feed: the graph's inputs less those with an initializer, in the file's order.
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

// Defaults returns the inputs that have an initializer, which is their value where a caller does not feed them, and is a constant
// here.
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

// Outputs returns the graph's outputs in the file's order.
func (m *Model) Outputs() []Value {
	var all []Value
	for _, v := range m.Graph().GetOutput() {
		all = append(all, ValueOf(v))
	}
	return all
}

// OpsetOf returns the version of a domain that the model imports, 0 if none; "" is the standard domain.
func (m *Model) OpsetOf(domain string) int64 { return OpsetOf(m.Proto.GetOpsetImport(), domain) }

// OpsetOf returns the version of a domain in a list of imports, 0 if it is not there; "" is the standard domain.
func OpsetOf(imports []*onnxpb.OperatorSetIdProto, domain string) int64 {
	for _, o := range imports {
		if o.GetDomain() == domain || domain == "" && o.GetDomain() == "ai.onnx" {
			return o.GetVersion()
		}
	}
	return 0
}

// SetOpset makes a list of imports that has the domain at that version.
func SetOpset(imports []*onnxpb.OperatorSetIdProto, domain string, version int64) []*onnxpb.OperatorSetIdProto {
	var all []*onnxpb.OperatorSetIdProto
	for _, o := range imports {
		if o.GetDomain() != domain && !(domain == "" && o.GetDomain() == "ai.onnx") {
			all = append(all, o)
		}
	}
	return append([]*onnxpb.OperatorSetIdProto{{Domain: &domain, Version: &version}}, all...)
}

// ValueOf describes a value by its declaration.
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

// A State is what a network that computes one step of a sequence hands to the next: one of its outputs, which is an input then.
type State struct{ Output, Input string }
