package ir

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"example.org/demote/internal/external"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// copyMost is the largest size, in bytes, of all external data of a model that are copied. Later changes of a file do
// not affect a copy.
var copyMost int64 = 256 << 20

// loadExternal sets the raw data of every tensor with external data to pieces of the files that have them: see
// external.Folder, which copies small files and maps larger ones.
func (m *Model) loadExternal() error { return m.loadExternalIn(copyMost) }

// loadExternalIn is loadExternal that copies at most limit bytes.
func (m *Model) loadExternalIn(copyMost int64) error {
	folder := external.NewFolder(m.Dir, copyMost)
	err := m.EachTensor(func(where string, t Tensor) error {
		if t.GetDataLocation() != onnxpb.TensorProto_EXTERNAL {
			return nil
		}
		piece, err := externalPiece(t)
		if err != nil {
			return mistake.Errorf("%s: %w", where, err)
		}
		data, err := folder.Read(piece.location)
		if err != nil {
			return mistake.Errorf("%s: tensor %q: %w", where, t.GetName(), err)
		}
		if piece.offset > int64(len(data)) || piece.length > int64(len(data))-piece.offset {
			return mistake.Errorf("%s: tensor %q needs %d bytes at offset %d of external data %q, which has %d: "+
				"the file is truncated or of another model", where, t.GetName(), piece.length, piece.offset, piece.location, len(data))
		}
		end := piece.offset + piece.length
		t.RawData = data[piece.offset:end:end]
		if t.RawData == nil {
			t.RawData = []byte{}
		}
		t.ExternalData, t.DataLocation = nil, nil
		return nil
	})
	m.external = folder.Files()
	return err
}

// piece is the place of a tensor's external data.
type piece struct {
	location       string // of the file, slash-separated and relative to the model's folder
	offset, length int64  // in bytes
}

// externalPiece reads the place of a tensor's external data from its keys: location, which must be there, offset,
// which is 0 without, and length, which is what the type and shape need
// (https://github.com/onnx/onnx/blob/main/docs/ExternalData.md). Other keys, such as a checksum, are not looked at.
// The error is a mistake.Err: no location, a number that is none, or a length that does not fit the shape.
func externalPiece(t Tensor) (piece, error) {
	size, err := ByteSize(DType(t.GetDataType()), t.GetDims())
	if err != nil {
		return piece{}, mistake.Errorf("tensor %q: %w", t.GetName(), err)
	}
	p := piece{length: size}
	for _, e := range t.GetExternalData() {
		switch e.GetKey() {
		case "location":
			p.location = e.GetValue()
		case "offset", "length":
			v, err := strconv.ParseInt(e.GetValue(), 10, 64)
			if err != nil || v < 0 {
				return piece{}, mistake.Errorf("tensor %q: external data with %s %q", t.GetName(), e.GetKey(), e.GetValue())
			}
			if e.GetKey() == "offset" {
				p.offset = v
			} else if v != size {
				return piece{}, mistake.Errorf("tensor %q of type %s and dimensions %v has %d bytes of external data instead of %d",
					t.GetName(), DType(t.GetDataType()), t.GetDims(), v, size)
			}
		}
	}
	if p.location == "" {
		return piece{}, mistake.Errorf("tensor %q has external data without a location", t.GetName())
	}
	return p, nil
}

// A SourceFile is a file from which a model was read.
type SourceFile struct {
	Path   string // the model's as the user named it, external data's in the model's folder
	SHA256 string // of its bytes, 64 hexadecimal digits
	Bytes  int64  // size of the whole file
}

// Sources returns the files from which the model was read: the ONNX file, then the files of its external data in the
// order in which tensors name them. A sum is of the whole file, as it was read: of a mapped file that is the whole file
// again, which takes as long as the disk does. A model from memory has none, and neither has a clone.
func (m *Model) Sources() []SourceFile {
	var list []SourceFile
	if m.source.Path != "" {
		list = append(list, m.source)
	}
	for _, f := range m.external {
		list = append(list, SourceFile{f.Path, sumOf(f.Data), int64(len(f.Data))})
	}
	return list
}

// sumOf returns the sha256 of data in hexadecimal.
func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
