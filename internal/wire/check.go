package wire

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

const (
	maxDepth     = 100       // nesting of messages that every protobuf library reads
	messageBytes = 256       // about what an empty message costs in memory
	freeMemory   = 128 << 20 // what a small file may become in memory
)

// scan walks over the wire format before it is decoded and estimates the memory, in bytes, that decoding takes.
// Otherwise a small file could take a large memory: two bytes on disk can become an empty message of hundreds of
// bytes.
type scan struct {
	limit, used int64
}

// Check returns a mistake.Err for data that are no protobuf message, are truncated, nest too deeply, or would
// take much more memory than their size.
func Check(data []byte) error {
	s := &scan{limit: max(freeMemory, 10*int64(len(data)))}
	return s.message(data, (*onnxpb.ModelProto)(nil).ProtoReflect().Descriptor(), 0)
}

// message adds the memory of an encoded message of type d, depth levels below the model.
func (s *scan) message(data []byte, d protoreflect.MessageDescriptor, depth int) error {
	if depth > maxDepth {
		return mistake.Errorf("not an ONNX file: its graphs are nested more than %d deep", maxDepth)
	}
	fields := d.Fields()
	for at := 0; at < len(data); {
		num, typ, n := protowire.ConsumeTag(data[at:])
		if n < 0 {
			return badWire(n)
		}
		at += n
		size := protowire.ConsumeFieldValue(num, typ, data[at:])
		if size < 0 {
			return badWire(size)
		}
		value := data[at : at+size]
		at += size
		f := fields.ByNumber(num)
		switch {
		case f == nil:
			s.used += int64(size)
		case typ != protowire.BytesType:
			s.used += 8
		case f.Kind() == protoreflect.MessageKind:
			inner, _ := protowire.ConsumeBytes(value)
			s.used += messageBytes
			if err := s.message(inner, f.Message(), depth+1); err != nil {
				return err
			}
		case f.Kind() == protoreflect.StringKind || f.Kind() == protoreflect.BytesKind:
			s.used += 24 + int64(size)
		default: // packed numbers
			s.used += packed(value, f.Kind())
		}
		if s.used > s.limit {
			return mistake.Errorf("not read: %d bytes of file would take more than %d bytes of memory", len(data), s.limit)
		}
	}
	return nil
}

// packed returns the memory of packed numbers.
func packed(value []byte, kind protoreflect.Kind) int64 {
	switch kind {
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return int64(len(value))
	}
	n := int64(0)
	for _, b := range value {
		if b < 0x80 {
			n++
		}
	}
	return 8 * n
}

// badWire is the error of an encoding that protobuf cannot read.
func badWire(code int) error {
	return mistake.Errorf("not an ONNX file, or a truncated one: %w", protowire.ParseError(code))
}
