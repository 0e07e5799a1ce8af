package wire

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"example.org/demote/onnx/onnxpb"
)

// largeFrom is the size in bytes from which a weight is no copy.
const largeFrom = 16 << 10

// Decode reads a model's message into p. The raw data of its graph's initializers of at least largeFrom bytes are
// pieces of data and no copies, so that data must not be changed afterwards. The error is protobuf's. Check the data
// before, if they are not of this program's making.
func Decode(data []byte, p *onnxpb.ModelProto) error {
	var w withoutWeights
	lean, err := w.fields(data, fieldGraph, func(graph []byte) ([]byte, error) {
		return w.fields(graph, fieldInitializer, w.tensor)
	})
	if err != nil {
		return err
	}
	if err := proto.Unmarshal(lean, p); err != nil {
		return err
	}
	for i, t := range p.GetGraph().GetInitializer() {
		if w.raw[i] != nil {
			t.RawData = w.raw[i]
		}
	}
	return nil
}

// withoutWeights copies a message without the raw data of its graph's large initializers, which it keeps.
type withoutWeights struct {
	raw [][]byte // by initializer; nil: it has its own
}

// fields copies the fields of a message, and what copy makes of those with one number.
func (w *withoutWeights) fields(data []byte, number protowire.Number, copy func([]byte) ([]byte, error)) ([]byte, error) {
	var out []byte
	for len(data) > 0 {
		num, typ, n := protowire.ConsumeTag(data)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(num, typ, data[n:])
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		field, value := data[:n+size], data[n:n+size]
		data = data[n+size:]
		if num != number || typ != protowire.BytesType {
			out = append(out, field...)
			continue
		}
		inner, _ := protowire.ConsumeBytes(value)
		inner, err := copy(inner)
		if err != nil {
			return nil, err
		}
		out = protowire.AppendBytes(protowire.AppendTag(out, num, typ), inner)
	}
	return out, nil
}

// tensor copies an initializer.
func (w *withoutWeights) tensor(data []byte) ([]byte, error) {
	var raw []byte
	lean, err := w.fields(data, fieldRawData, func(value []byte) ([]byte, error) {
		raw = value[:len(value):len(value)] // the last one counts
		return nil, nil
	})
	if len(raw) < largeFrom {
		raw, lean = nil, data
	}
	w.raw = append(w.raw, raw)
	return lean, err
}
