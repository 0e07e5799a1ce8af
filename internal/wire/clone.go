package wire

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"example.org/demote/onnx/onnxpb"
)

// Clone copies a message deeply, except for the data of tensors, which both share.
func Clone[M proto.Message](msg M) M {
	return cloneMessage(msg.ProtoReflect()).Interface().(M)
}

// cloneMessage copies fields by reflection, so that fields which later versions of onnx.proto add are not lost.
func cloneMessage(src protoreflect.Message) protoreflect.Message {
	if t, ok := src.Interface().(*onnxpb.TensorProto); ok && t != nil {
		return CloneTensor(t).ProtoReflect()
	}
	dst := src.New()
	src.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		isMessage := f.Kind() == protoreflect.MessageKind
		switch {
		case f.IsList():
			from, to := v.List(), dst.Mutable(f).List()
			for i := range from.Len() {
				if isMessage {
					to.Append(protoreflect.ValueOfMessage(cloneMessage(from.Get(i).Message())))
				} else {
					to.Append(from.Get(i))
				}
			}
		case isMessage:
			dst.Set(f, protoreflect.ValueOfMessage(cloneMessage(v.Message())))
		default:
			dst.Set(f, v)
		}
		return true
	})
	dst.SetUnknown(src.GetUnknown())
	return dst
}

// CloneTensor returns a new message with the fields of t. Both share the data.
func CloneTensor(t *onnxpb.TensorProto) *onnxpb.TensorProto {
	c := &onnxpb.TensorProto{
		Dims: t.Dims, DataType: t.DataType, Segment: t.Segment, Name: t.Name, DocString: t.DocString,
		FloatData: t.FloatData, Int32Data: t.Int32Data, StringData: t.StringData, Int64Data: t.Int64Data,
		RawData: t.RawData, DoubleData: t.DoubleData, Uint64Data: t.Uint64Data,
		ExternalData: t.ExternalData, DataLocation: t.DataLocation, MetadataProps: t.MetadataProps,
	}
	c.ProtoReflect().SetUnknown(t.ProtoReflect().GetUnknown())
	return c
}
