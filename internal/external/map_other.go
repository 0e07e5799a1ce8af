//go:build !unix

package external

import (
	"io"
	"os"
)

// mapFile reads a whole file where the system has no mapping that the standard library knows.
func mapFile(f *os.File, _ *dataFile) ([]byte, error) { return io.ReadAll(f) }

// LetGo does nothing: there is no mapping.
func LetGo([]byte) {}

func fileOf([]byte) *dataFile { return nil }

// ChangedAt returns nil: there is no mapping.
func ChangedAt(uintptr) error { return nil }
