//go:build !unix

package onnx

import (
	"io"
	"os"
)

// mapFile reads a whole file where the system has no mapping that the standard library knows.
func mapFile(f *os.File) ([]byte, error) { return io.ReadAll(f) }

// letGo does nothing: there is no mapping.
func letGo([]byte) {}
