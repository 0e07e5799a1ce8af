package ir

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// loadExternal sets the raw data of every tensor with external data. It copies small files, up to copyMost in all,
// and maps larger ones. A mapping is read from disk on access, and the system can drop its pages. It lives as long as
// the process. Changes of a mapped file are found, see changed.
func (m *Model) loadExternal() error { return m.loadExternalIn(copyMost) }

// loadExternalIn is loadExternal that copies so many bytes at most.
func (m *Model) loadExternalIn(copyLeft int64) error {
	files := make(map[string][]byte)
	return m.EachTensor(func(where string, t Tensor) error {
		if t.GetDataLocation() != onnxpb.TensorProto_EXTERNAL {
			return nil
		}
		piece, err := externalPiece(t)
		if err != nil {
			return mistake.Errorf("%s: %w", where, err)
		}
		data, ok := files[piece.location]
		if !ok {
			if data, err = m.readExternal(piece.location, &copyLeft); err != nil {
				return mistake.Errorf("%s: tensor %q: %w", where, t.GetName(), err)
			}
			files[piece.location] = data
			m.external = append(m.external, externalFile{filepath.Join(m.Dir, filepath.FromSlash(piece.location)), data})
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
}

// piece is the place of a tensor's external data.
type piece struct {
	location       string
	offset, length int64
}

// externalPiece reads the location, offset and length, in bytes, of a tensor's external data. The error is a
// mistake.Err: no location, a number that is none, or a length that does not fit the shape.
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

// copyMost is the largest size, in bytes, of the external data of a model that are copied. Later changes of a file do
// not affect a copy.
var copyMost int64 = 256 << 20

// readExternal copies a file of external data if it fits into the rest of copyMost, and maps it otherwise. The file
// must be in the model's folder, also after symbolic links are resolved.
func (m *Model) readExternal(location string, copyLeft *int64) ([]byte, error) {
	if m.Dir == "" {
		return nil, mistake.Errorf("external data %q of a model without a folder", location)
	}
	location = filepath.FromSlash(location)
	if !filepath.IsLocal(location) {
		return nil, mistake.Errorf("external data %q are outside the model's folder", location)
	}
	root, err := os.OpenRoot(m.Dir)
	if err != nil {
		return nil, mistake.Errorf("folder of the external data: %w", err)
	}
	defer root.Close()
	info, err := root.Stat(location)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, mistake.Errorf("external data %q are missing: put the file beside the model", location)
	case errors.Is(err, fs.ErrPermission):
		return nil, mistake.Errorf("external data: %w", err)
	case err != nil: // os.Root follows no link out of its folder
		return nil, mistake.Errorf("external data %q are outside the model's folder: %w", location, err)
	case !info.Mode().IsRegular():
		return nil, mistake.Errorf("external data %q are not a file", location)
	}
	// what it is may have changed: a pipe must not wait
	f, err := root.OpenFile(location, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, mistake.Errorf("external data: %w", err)
	}
	defer f.Close()
	file := &dataFile{path: filepath.Join(m.Dir, location)}
	if file.info, err = f.Stat(); err != nil {
		return nil, mistake.Errorf("external data: %w", err)
	}
	if !file.info.Mode().IsRegular() {
		return nil, mistake.Errorf("external data %q are not a file", location)
	}
	if size := file.info.Size(); size <= *copyLeft {
		*copyLeft -= size
		return file.copy(f)
	}
	data, err := mapFile(f, file)
	if err != nil {
		return nil, fmt.Errorf("external data %q: %w", location, err)
	}
	return data, nil
}

// A SourceFile is a file from which a model was read.
type SourceFile struct {
	Path   string // the model's as the user named it, external data's in the model's folder
	SHA256 string // of its bytes, in hex
	Bytes  int64
}

// externalFile is a file of external data, mapped or copied.
type externalFile struct {
	path string
	data []byte
}

// Sources returns the files from which the model was read: the ONNX file, then the files of its external data in the
// order in which tensors name them. A sum is of the whole file, as it was read. A model from memory has none.
func (m *Model) Sources() []SourceFile {
	var list []SourceFile
	if m.source.Path != "" {
		list = append(list, m.source)
	}
	for _, f := range m.external {
		list = append(list, SourceFile{f.path, sumOf(f.data), int64(len(f.data))})
	}
	return list
}

// sumOf returns the sha256 of data in hexadecimal.
func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
