package ir

import (
	"example.org/demote/internal/external"
	"example.org/demote/onnx/onnxpb"
)

// apartFrom is the size in bytes from which a weight is left out of a model's message: smaller ones, such as shapes,
// are read while a model is loaded, and cost nothing.
const apartFrom = 16 << 10

// apartAt is what weights that are left out have for a location of their external data. There is no such file.
const apartAt = "weights"

// Apart returns the model as one protobuf message without its large weights, and these: raw tensors that share their
// bytes with the model, and whose names are those of initializers of the main graph. In the message they are external
// data at a location that no file has, for a runtime that is given their bytes by name (AddExternalInitializers of
// ONNX Runtime). Those that are mapped from a file stay inside, since a file may be cut short and only who copies it
// is told so. The message is new memory. The errors are those of Bytes.
func (m *Model) Apart() (file []byte, weights []Tensor, err error) {
	all := m.Graph().GetInitializer()
	inside := make([]Tensor, len(all))
	read := TimesRead(m.Graph())
	for i, t := range all {
		inside[i] = t
		if read[t.GetName()] == 0 {
			continue // the runtime drops it while it loads the message, and finds none to give a value to
		}
		if w := apart(t); w != nil {
			inside[i] = externalTensor(w, apartAt, 0)
			weights = append(weights, w)
		}
	}
	e, err := m.encoding(inside)
	if err != nil {
		return nil, nil, err
	}
	file, err = m.inMemory(e)
	return file, weights, err
}

// apart is a weight as raw bytes that it shares; nil for one that is to stay inside: it is small, of strings or packed
// elements, mapped from a file, or stored in another list than float_data.
func apart(t Tensor) Tensor {
	typ := DType(t.GetDataType())
	size, err := ByteSize(typ, t.GetDims())
	switch {
	case err != nil || size < apartFrom || !ofWholeBytes(typ):
		return nil
	case int64(len(t.GetRawData())) == size && !external.Mapped(t.RawData):
		return t
	case typ == Float && t.GetRawData() == nil && 4*int64(len(t.GetFloatData())) == size:
		return TakeFloats(t.GetName(), t.GetDims(), t.FloatData) // which nobody changes
	}
	return nil
}

// ofWholeBytes are the types whose elements are whole bytes, and which every runtime takes from outside.
func ofWholeBytes(t DType) bool {
	switch t {
	case Float, Double, Float16, BFloat16, Int8, Uint8, Int16, Uint16, Int32, Int64, onnxpb.TensorProto_UINT32, onnxpb.TensorProto_UINT64:
		return true
	}
	return false
}
