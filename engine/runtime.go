package engine

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

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

// OpenRuntime finds and opens ONNX Runtime, once for the process: the library at a path, or the newest in a folder of
// that path; where it is empty the one that the environment names, else one beside the program or in a folder .ort
// beside it or above it, else that of the Python package onnxruntime where the program is installed beside it. A
// program built for GPUs looks for the one of make setup-cuda first. It returns the path and how it was found.
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
		if given.value != "" {
			path, err := givenRuntime(given.value, given.how)
			return path, given.how, err
		}
	}
	program, err := os.Executable()
	if err != nil {
		return "", "", fmt.Errorf("cannot find the program's own folder: %w", err)
	}
	// Programs that Python installs may be links into the folder of a package, and Python links to a program elsewhere.
	folders := []string{filepath.Dir(program)}
	if real, err := filepath.EvalSymlinks(program); err == nil && filepath.Dir(real) != folders[0] {
		folders = append([]string{filepath.Dir(real)}, folders...)
	}
	if path := besideProgram(folders[0]); path != "" {
		return path, "beside the program", nil
	}
	for _, folder := range folders {
		if path := ofPython(folder); path != "" {
			return path, "of the Python that the program is installed in", nil
		}
	}
	return "", "", mistake.Errorf("no ONNX Runtime found: run `make setup`, or `pip install onnxruntime` where demote is installed by pip, or name %s with --ort or %s", libraryName(), RuntimeEnv)
}

// givenRuntime is the library that somebody names, or the newest one of the folder.
func givenRuntime(path, how string) (string, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = cmp.Or(newest(path), filepath.Join(path, libraryName()))
	}
	// to load a pipe would wait for its writer
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", mistake.Errorf("%s (%s) is not a regular file; name another with --ort or %s", path, how, RuntimeEnv)
	} else if err != nil {
		return "", mistake.Errorf("no ONNX Runtime at %s (%s): no such file; name another with --ort or %s", path, how, RuntimeEnv)
	}
	return path, nil
}

// besideProgram looks in the folder of the program and near it; empty: nothing is there.
func besideProgram(folder string) string {
	if backend.WithCUDA { // the one with the CUDA provider, where make setup-cuda puts it
		if path := newest(filepath.Join(folder, "..", ".ort-gpu", "onnxruntime", "onnxruntime", "capi")); path != "" {
			return filepath.Clean(path)
		}
	}
	for _, dir := range []string{folder, filepath.Join(folder, ".ort"), filepath.Join(folder, "..", ".ort"), filepath.Join(folder, "..", "lib")} {
		path := filepath.Join(dir, libraryName())
		if _, err := os.Stat(path); err == nil {
			return filepath.Clean(path)
		}
	}
	return ""
}

// ofPython looks for the Python package onnxruntime (or onnxruntime-gpu, which has the same folder) of the environment
// that has the program in its folder bin; empty: there is none.
func ofPython(folder string) string {
	for _, packages := range []string{"lib/python3*/site-packages", "lib64/python3*/site-packages", "lib/python3*/dist-packages", "local/lib/python3*/dist-packages"} {
		dirs, _ := filepath.Glob(filepath.Join(folder, "..", packages, "onnxruntime", "capi"))
		for _, dir := range dirs {
			if path := newest(dir); path != "" {
				return filepath.Clean(path)
			}
		}
	}
	return ""
}

// newest is the library of the highest version in a folder: one without a version in its name counts before all, since
// whoever put it there chose it. Empty: there is none.
func newest(folder string) string {
	plain := filepath.Join(folder, libraryName())
	if _, err := os.Stat(plain); err == nil {
		return plain
	}
	found, _ := filepath.Glob(plain + ".*")
	if len(found) == 0 {
		return ""
	}
	return slices.MaxFunc(found, func(a, b string) int { return slices.Compare(versionOf(a, plain), versionOf(b, plain)) })
}

// versionOf are the numbers behind the plain name of a library.
func versionOf(path, plain string) (list []int) {
	for _, part := range strings.Split(strings.TrimPrefix(path, plain+"."), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		list = append(list, n)
	}
	return list
}

// RuntimeVersion is the version of the open ONNX Runtime; empty before OpenRuntime.
func RuntimeVersion() string { return backend.RuntimeVersion() }
