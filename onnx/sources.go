package onnx

import (
	"crypto/sha256"
	"encoding/hex"
)

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
