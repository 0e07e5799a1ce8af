package backend

import (
	"slices"

	"example.org/demote/cgo"
)

// OpenRuntime opens the ONNX Runtime library at a path, of version 1.24 or later, for the whole process. Later calls
// with the same path do nothing; with another they are an error. It is also one if the library cannot be opened or is
// older.
func OpenRuntime(path string) error { return cgo.Init(path) }

// RuntimeVersion is the version of the open ONNX Runtime; empty before OpenRuntime.
func RuntimeVersion() string { return cgo.Version() }

// Trim gives memory that was freed back to the system, at the end of a phase.
func Trim() { cgo.Trim() }

// Instructions names the instruction set that FakeQuant runs with on this processor.
func Instructions() string { return cgo.ISAName(slices.Max(cgo.ISAs())) }

// RuntimePath is the absolute path of the open ONNX Runtime library; empty before OpenRuntime.
func RuntimePath() string { return cgo.Path() }
