package wire

import (
	"io"
	"iter"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/external"
	"example.org/demote/onnx/onnxpb"
)

// Field numbers of onnx.proto.
const (
	fieldGraph       = 7 // ModelProto.graph
	fieldInitializer = 5 // GraphProto.initializer
	fieldRawData     = 9 // TensorProto.raw_data
)

// MaxSize is the largest size of a protobuf message, in bytes.
const MaxSize = 1<<31 - 1

// An Encoding writes a model piece by piece, so that the initializers' bytes, most of a file, are never copied into a
// message. The fields are in the order of their numbers, as protobuf's own encoders write them: a file that one of
// them made and that is read and written again has the same bytes. It shares the bytes of the initializers, and
// describes the rest of the model at the time of Encode.
type Encoding struct {
	before, graphBefore []byte // fields of the model before its graph, and of the graph before its initializers
	after, graphAfter   []byte // the fields after them
	initializers        []*onnxpb.TensorProto
	heads               [][]byte // the initializers without raw data
	graphSize           int64
	size                int64 // of the whole message
}

// Encode prepares the encoding of a model whose graph has these initializers instead of its own. The size may be
// above MaxSize. The error is protobuf's, for strings that are not UTF-8.
func Encode(p *onnxpb.ModelProto, initializers []*onnxpb.TensorProto) (*Encoding, error) {
	e := &Encoding{initializers: initializers}
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

// Size returns the size of the message in bytes.
func (e *Encoding) Size() int64 { return e.size }

// Write writes the message, as often as it is called. The error is that of w, or a mistake.Err if a file that
// initializers are mapped from has changed.
func (e *Encoding) Write(w io.Writer) error {
	err := e.writeAll(w)
	if changed := external.Changed(Raw(e.initializers)); changed != nil {
		return changed // the system may have refused to read what is not there any more
	}
	return err
}

// Raw goes through the raw data of tensors.
func Raw(tensors []*onnxpb.TensorProto) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, t := range tensors {
			if !yield(t.GetRawData()) {
				return
			}
		}
	}
}

func (e *Encoding) writeAll(w io.Writer) error {
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
func tensorSize(head []byte, t *onnxpb.TensorProto) int64 {
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
func graphBefore(g *onnxpb.GraphProto) *onnxpb.GraphProto {
	return &onnxpb.GraphProto{Node: g.Node, Name: g.Name}
}

func graphAfter(g *onnxpb.GraphProto) *onnxpb.GraphProto {
	c := &onnxpb.GraphProto{
		DocString: g.DocString, Input: g.Input, Output: g.Output, ValueInfo: g.ValueInfo,
		QuantizationAnnotation: g.QuantizationAnnotation, SparseInitializer: g.SparseInitializer, MetadataProps: g.MetadataProps,
	}
	c.ProtoReflect().SetUnknown(g.ProtoReflect().GetUnknown())
	return c
}
