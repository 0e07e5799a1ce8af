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

// loadExternal gives every tensor with external data its bytes: of files that are small together a copy, of a larger one a
// piece of a mapping, which is read from disk when it is touched and takes no memory that the system cannot take back. A
// mapping lives as long as the process, and what it shows is watched for changes, see changed.
func (m *Model) loadExternal() error { return m.loadExternalIn(copyMost) }

// loadExternalIn is loadExternal that copies so many bytes at most.
func (m *Model) loadExternalIn(room int64) error {
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
			if data, err = m.readExternal(piece.location, &room); err != nil {
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

// piece is where a tensor's external data lie.
type piece struct {
	location       string
	offset, length int64
}

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

// copyMost is how many bytes of a model's external data are copied: what has been copied cannot change any more.
var copyMost int64 = 256 << 20

// readExternal copies a file of external data if there is room for it, and maps it if not. It must lie in the model's
// folder, also after symbolic links are resolved.
func (m *Model) readExternal(location string, room *int64) ([]byte, error) {
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
	f, err := root.OpenFile(location, os.O_RDONLY|syscall.O_NONBLOCK, 0) // what it is may have changed: a pipe must not wait
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
	if size := file.info.Size(); size <= *room {
		*room -= size
		return file.copy(f)
	}
	data, err := mapFile(f, file)
	if err != nil {
		return nil, fmt.Errorf("external data %q: %w", location, err)
	}
	return data, nil
}

// A SourceFile is a file that a model was read from.
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

// Sources lists the files that the model was read from: the ONNX file, then those of its external data in the order in which
// tensors name them. Sums are of the bytes that were read, the whole file's, whichever part of it the model uses. A model out of
// memory has none.
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

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
