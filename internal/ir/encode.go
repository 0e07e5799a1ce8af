package ir

import (
	"bytes"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// Field numbers of onnx.proto.
const (
	fieldGraph       = 7 // ModelProto.graph
	fieldInitializer = 5 // GraphProto.initializer
	fieldRawData     = 9 // TensorProto.raw_data
)

// Bytes returns the model as one protobuf message, with its external data. The slice is new. The error is a
// mistake.Err for a model of 2 GiB or more, which only Write can write, or if the files of its external data have
// changed.
func (m *Model) Bytes() ([]byte, error) {
	e, err := m.encoder(m.Graph().GetInitializer())
	if err != nil {
		return nil, err
	}
	return e.bytes(m)
}

// A Message is what Bytes returns before it is in memory: of Size bytes, which Write writes as often as it is asked
// to.
type Message struct {
	Size  int64
	Write func(io.Writer) error
}

// Message is Bytes for who only reads them once, one after another.
func (m *Model) Message() (Message, error) {
	e, err := m.encoder(m.Graph().GetInitializer())
	if err != nil {
		return Message{}, err
	}
	return Message{e.size, e.write}, nil
}

// encoder is newEncoder for one message, with these initializers.
func (m *Model) encoder(initializers []Tensor) (*encoder, error) {
	e, err := newEncoder(m.Proto, initializers)
	if err == nil && e.size > maxProto {
		err = m.InFile(mistake.Errorf("the model is %d bytes and a message ends at 2 GiB: it needs external data", e.size))
	}
	return e, err
}

// bytes is the model in memory, which is m or what is said of it.
func (e *encoder) bytes(m *Model) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(e.size))
	if err := e.write(&b); err != nil {
		return nil, m.InFile(err)
	}
	return b.Bytes(), nil
}

// encoder writes a model piece by piece, so that the initializers' bytes, most of a file, are never copied into a
// message. The fields are in the order of their numbers, as protobuf's own encoders write them: a file that one of
// them made and that is read and written again has the same bytes.
type encoder struct {
	before, graphBefore []byte // fields of the model before its graph, and of the graph before its initializers
	after, graphAfter   []byte // the fields after them
	initializers        []Tensor
	heads               [][]byte // the initializers without raw data
	graphSize           int64
	size                int64 // of the whole message
}

// newEncoder prepares the encoding of a model whose graph has these initializers instead of its own.
func newEncoder(p *onnxpb.ModelProto, initializers []Tensor) (*encoder, error) {
	e := &encoder{initializers: initializers}
	var err error
	parts := []proto.Message{modelBefore(p), modelAfter(p), graphBefore(p.GetGraph()), graphAfter(p.GetGraph())}
	for i, to := range []*[]byte{&e.before, &e.after, &e.graphBefore, &e.graphAfter} {
		if *to, err = proto.Marshal(parts[i]); err != nil {
			return nil, err
		}
	}
	e.graphSize = int64(len(e.graphBefore) + len(e.graphAfter))
	for _, t := range initializers {
		head := CloneTensor(t)
		head.RawData = nil
		b, err := proto.Marshal(head)
		if err != nil {
			return nil, err
		}
		e.heads = append(e.heads, b)
		e.graphSize += fieldSize(fieldInitializer, tensorSize(b, t))
	}
	e.size = int64(len(e.before)+len(e.after)) + fieldSize(fieldGraph, e.graphSize)
	return e, nil
}

// write writes the model. It is an error if the files that its weights are mapped from have changed.
func (e *encoder) write(w io.Writer) error {
	err := e.writeAll(w)
	if changed := unchanged(e.initializers); changed != nil {
		return changed // the system may have refused to read what is not there any more
	}
	return err
}

func (e *encoder) writeAll(w io.Writer) error {
	var head []byte
	head = append(head, e.before...)
	head = protowire.AppendTag(head, fieldGraph, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(e.graphSize))
	head = append(head, e.graphBefore...)
	if _, err := w.Write(head); err != nil {
		return err
	}
	for i, t := range e.initializers {
		head = protowire.AppendTag(head[:0], fieldInitializer, protowire.BytesType)
		head = protowire.AppendVarint(head, uint64(tensorSize(e.heads[i], t)))
		head = append(head, e.heads[i]...)
		if t.RawData != nil {
			head = protowire.AppendTag(head, fieldRawData, protowire.BytesType)
			head = protowire.AppendVarint(head, uint64(len(t.RawData)))
		}
		if _, err := w.Write(head); err != nil {
			return err
		}
		if _, err := w.Write(t.RawData); err != nil {
			return err
		}
	}
	_, err := w.Write(append(e.graphAfter, e.after...))
	return err
}

// tensorSize returns the encoded size of a tensor whose message without raw data is head.
func tensorSize(head []byte, t Tensor) int64 {
	if t.RawData == nil {
		return int64(len(head))
	}
	return int64(len(head)) + fieldSize(fieldRawData, int64(len(t.RawData)))
}

// fieldSize returns the size of a length-delimited field.
func fieldSize(num protowire.Number, n int64) int64 {
	return int64(protowire.SizeTag(num)+protowire.SizeVarint(uint64(n))) + n
}

// modelBefore and modelAfter are the fields of a model that stand before its graph and behind it.
func modelBefore(p *onnxpb.ModelProto) *onnxpb.ModelProto {
	return &onnxpb.ModelProto{
		IrVersion: p.IrVersion, ProducerName: p.ProducerName, ProducerVersion: p.ProducerVersion, Domain: p.Domain,
		ModelVersion: p.ModelVersion, DocString: p.DocString,
	}
}

func modelAfter(p *onnxpb.ModelProto) *onnxpb.ModelProto {
	c := &onnxpb.ModelProto{
		OpsetImport: p.OpsetImport, MetadataProps: p.MetadataProps, TrainingInfo: p.TrainingInfo, Functions: p.Functions,
		Configuration: p.Configuration,
	}
	c.ProtoReflect().SetUnknown(p.ProtoReflect().GetUnknown())
	return c
}

// graphBefore and graphAfter are the fields of a graph that stand before its initializers and behind them.
func graphBefore(g Graph) Graph { return &onnxpb.GraphProto{Node: g.Node, Name: g.Name} }

func graphAfter(g Graph) Graph {
	c := &onnxpb.GraphProto{
		DocString: g.DocString, Input: g.Input, Output: g.Output, ValueInfo: g.ValueInfo,
		QuantizationAnnotation: g.QuantizationAnnotation, SparseInitializer: g.SparseInitializer, MetadataProps: g.MetadataProps,
	}
	c.ProtoReflect().SetUnknown(g.ProtoReflect().GetUnknown())
	return c
}
