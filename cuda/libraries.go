//go:build cuda

package cuda

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"
)

// cudnn is the library of cuDNN 9, whose name is the same for every CUDA.
const cudnn = "libcudnn.so.9"

// A library is one that ONNX Runtime's CUDA provider or cuDNN loads by name.
type library struct {
	folder string // of its wheel, below "nvidia"; its file is in lib/ there
	file   string
	wheel  string // what pip calls it
}

// libraries are those of each CUDA, in the order of their dependencies: each is in the process when the next one asks
// for it. The wheels of CUDA 13 share one folder, all but cuDNN's.
var libraries = map[int][]library{
	12: {
		{"cuda_runtime", "libcudart.so.12", "nvidia-cuda-runtime-cu12"},
		{"cuda_nvrtc", "libnvrtc.so.12", "nvidia-cuda-nvrtc-cu12"},
		{"nvjitlink", "libnvJitLink.so.12", "nvidia-nvjitlink-cu12"},
		{"cublas", "libcublasLt.so.12", "nvidia-cublas-cu12"},
		{"cublas", "libcublas.so.12", "nvidia-cublas-cu12"},
		{"cufft", "libcufft.so.11", "nvidia-cufft-cu12"},
		{"curand", "libcurand.so.10", "nvidia-curand-cu12"},
		{"cudnn", cudnn, "nvidia-cudnn-cu12"},
	},
	13: {
		{"cu13", "libcudart.so.13", "nvidia-cuda-runtime==13.*"},
		{"cu13", "libnvrtc.so.13", "nvidia-cuda-nvrtc==13.*"},
		{"cu13", "libnvJitLink.so.13", "nvidia-nvjitlink==13.*"},
		{"cu13", "libcublasLt.so.13", "nvidia-cublas==13.*"},
		{"cu13", "libcublas.so.13", "nvidia-cublas==13.*"},
		{"cu13", "libcufft.so.12", "nvidia-cufft==12.*"},
		{"cu13", "libcurand.so.10", "nvidia-curand==10.*"},
		{"cudnn", cudnn, "nvidia-cudnn-cu13"},
	},
}

// Preload loads the NVIDIA libraries for the CUDA provider of an ONNX Runtime library by their full paths, so that the
// provider finds them without LD_LIBRARY_PATH, which a running process cannot change for itself, and whatever that
// says; cuDNN always, which newer providers ask for only at the first convolution. They are looked for beside ONNX
// Runtime as `make setup-cuda`, pip, and PyTorch's wheels put them. It returns the folder of the wheels, "" where there
// is none: the system's own libraries are used then, those of an installed toolkit where the system finds none, and the
// provider says what it misses. An error names the library that is missing or cannot be loaded. Call it before the
// first session on the CUDA provider.
func Preload(onnxruntime string) (folder string, err error) {
	folder = nvidiaBeside(onnxruntime)
	version := ProviderCUDA(onnxruntime)
	if version == 0 && folder != "" { // a runtime that has the provider inside: the wheels tell
		version = versionOf(folder)
	}
	if version == 0 {
		return "", nil
	}
	runtime.LockOSThread() // dlerror speaks of the thread's last call
	defer runtime.UnlockOSThread()
	if folder == "" {
		preloadSystem(version)
		return "", nil
	}
	for _, l := range libraries[version] {
		path := find(l, folder)
		if path == "" {
			return folder, missing(l, folder, version)
		}
		if why := load(path); why != "" {
			return folder, fmt.Errorf("%s cannot be loaded: %s: run `make setup-cuda` again", l.file, why)
		}
	}
	return folder, nil
}

// find returns the path of a library in the wheels, of NVIDIA or of PyTorch, or in an installed toolkit; "" if it is
// in none of them.
func find(l library, nvidia string) string {
	places := append([]string{filepath.Join(nvidia, l.folder, "lib"), filepath.Join(filepath.Dir(nvidia), "torch", "lib")}, toolkits()...)
	for _, place := range places {
		if path := filepath.Join(place, l.file); isFile(path) {
			return path
		}
	}
	return ""
}

// missing says that a library of the wheels is not there, and what brings it.
func missing(l library, nvidia string, version int) error {
	for _, other := range versions {
		if other != version && isFile(filepath.Join(nvidia, libraries[other][0].folder, "lib", libraries[other][0].file)) &&
			!isFile(filepath.Join(nvidia, libraries[version][0].folder, "lib", libraries[version][0].file)) {
			return fmt.Errorf("this ONNX Runtime is built for CUDA %d, but the NVIDIA libraries beside it are of CUDA %d (%s): run `make setup-cuda`, or type pip install %q",
				version, other, nvidia, l.wheel)
		}
	}
	return fmt.Errorf("%s is missing beside ONNX Runtime (%s): run `make setup-cuda`, or type pip install %q", l.file,
		filepath.Join(nvidia, l.folder, "lib", l.file), l.wheel)
}

// preloadSystem loads those of a CUDA that the system does not find from an installed toolkit.
func preloadSystem(version int) {
	for _, l := range libraries[version] {
		if load(l.file) == "" {
			continue
		}
		for _, place := range toolkits() {
			if path := filepath.Join(place, l.file); isFile(path) && load(path) == "" {
				break
			}
		}
	}
}

// toolkits returns the folders of libraries of installed CUDA toolkits, CUDA_HOME's first.
func toolkits() (list []string) {
	roots := []string{"/usr/local/cuda", "/opt/cuda"}
	if more, err := filepath.Glob("/usr/local/cuda-*"); err == nil {
		roots = append(roots, more...)
	}
	if home := os.Getenv("CUDA_HOME"); home != "" {
		roots = append([]string{home}, roots...)
	}
	for _, root := range roots {
		list = append(list, filepath.Join(root, "lib64"), filepath.Join(root, "targets", "x86_64-linux", "lib"))
	}
	return list
}

// nvidiaBeside finds the folder "nvidia" of the wheels: in the site-packages that holds onnxruntime/capi, or beside
// such a folder.
func nvidiaBeside(onnxruntime string) string {
	if real, err := filepath.EvalSymlinks(onnxruntime); err == nil {
		onnxruntime = real
	}
	packages := filepath.Dir(filepath.Dir(filepath.Dir(onnxruntime))) // above onnxruntime/capi/FILE
	for _, folder := range []string{filepath.Join(packages, "nvidia"), filepath.Join(filepath.Dir(packages), "nvidia", "nvidia")} {
		if versionOf(folder) != 0 {
			if full, err := filepath.Abs(folder); err == nil {
				return full
			}
		}
	}
	return ""
}

// versionOf returns of which CUDA the wheels in a folder "nvidia" are, the newest if there are several, 0 if none.
func versionOf(nvidia string) int {
	for _, version := range versions {
		if info, err := os.Stat(filepath.Join(nvidia, libraries[version][0].folder)); err == nil && info.IsDir() {
			return version
		}
	}
	return 0
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// load opens a library for good, its symbols visible to those that are loaded later; the text says why it could not.
func load(path string) string {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	if C.dlopen(name, C.RTLD_LAZY|C.RTLD_GLOBAL) == nil {
		return C.GoString(C.dlerror())
	}
	return ""
}
