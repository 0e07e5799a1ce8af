package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"example.org/demote/backend"
	"example.org/demote/mistake"
)

// RuntimeEnv is the environment variable that names the ONNX Runtime library or its folder.
const RuntimeEnv = "DEMOTE_ORT"

// libraryName is the ONNX Runtime library's file name on this system.
func libraryName() string {
	if runtime.GOOS == "darwin" {
		return "libonnxruntime.dylib"
	}
	return "libonnxruntime.so"
}

// OpenRuntime finds and opens ONNX Runtime, once for the process: the library at a path, or in a folder of that path;
// where it is empty the one that the environment names, else one beside the program or in a folder .ort beside it or
// above it. A program built for GPUs looks for the one of make setup-cuda first. It returns the path and how it was
// found.
func OpenRuntime(library string) (path, how string, err error) {
	path, how, err = findRuntime(library)
	if err != nil {
		return "", "", err
	}
	if err := backend.OpenRuntime(path); err != nil {
		return "", "", mistake.Errorf("%s (%s) cannot be used: %w; name another with --ort or %s", path, how, err, RuntimeEnv)
	}
	return path, how, nil
}

func findRuntime(library string) (path, how string, err error) {
	for _, given := range []struct{ value, how string }{{library, mistake.Text("by --ort")}, {os.Getenv(RuntimeEnv), "by " + RuntimeEnv}} {
		if given.value == "" {
			continue
		}
		path := given.value
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			path = filepath.Join(path, libraryName())
		}
		// to load a pipe would wait for its writer
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return "", "", mistake.Errorf("%s (%s) is not a regular file; name another with --ort or %s", path, given.how, RuntimeEnv)
		} else if err != nil {
			return "", "", mistake.Errorf("no ONNX Runtime at %s (%s): no such file; name another with --ort or %s", path, given.how, RuntimeEnv)
		}
		return path, given.how, nil
	}
	program, err := os.Executable()
	if err != nil {
		return "", "", fmt.Errorf("cannot find the program's own folder: %w", err)
	}
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	folder := filepath.Dir(program)
	if backend.WithCUDA { // the one with the CUDA provider, where make setup-cuda puts it
		found, _ := filepath.Glob(filepath.Join(folder, "..", ".ort-gpu", "onnxruntime", "onnxruntime", "capi", libraryName()+".*"))
		if len(found) > 0 {
			return filepath.Clean(found[0]), "beside the program", nil
		}
	}
	for _, dir := range []string{folder, filepath.Join(folder, ".ort"), filepath.Join(folder, "..", ".ort"), filepath.Join(folder, "..", "lib")} {
		path := filepath.Join(dir, libraryName())
		if _, err := os.Stat(path); err == nil {
			return filepath.Clean(path), "beside the program", nil
		}
	}
	return "", "", mistake.Errorf("no ONNX Runtime found: run `make setup`, or name %s with --ort or %s", libraryName(), RuntimeEnv)
}

// RuntimeVersion is the version of the open ONNX Runtime; empty before OpenRuntime.
func RuntimeVersion() string { return backend.RuntimeVersion() }
