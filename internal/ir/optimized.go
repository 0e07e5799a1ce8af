package ir

import (
	"math"
	"os"
	"path/filepath"

	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// ReadOptimized reads a file that ONNX Runtime has saved of a model after its optimizations, with operators of its
// own, and its external data, which it copies whatever their size: the files are not needed afterwards. It checks
// nothing, since the runtime has loaded what it wrote. The error is that of the file system or of protobuf.
func ReadOptimized(path string) (*Model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &Model{Proto: new(onnxpb.ModelProto), Dir: filepath.Dir(path)}
	if err := wire.Decode(data, m.Proto); err != nil {
		return nil, err
	}
	return m, m.loadExternalIn(math.MaxInt64)
}
