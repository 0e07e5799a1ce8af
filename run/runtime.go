package run

import "example.org/demote/engine"

// RuntimeEnv is the environment variable that names the ONNX Runtime library or its folder.
const RuntimeEnv = engine.RuntimeEnv

// OpenRuntime is engine.OpenRuntime.
func OpenRuntime(library string) (path, how string, err error) { return engine.OpenRuntime(library) }

// RuntimeVersion is the version of the open ONNX Runtime; empty before OpenRuntime.
func RuntimeVersion() string { return engine.RuntimeVersion() }
