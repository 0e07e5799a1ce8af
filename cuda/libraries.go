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

// libraries are what ONNX Runtime's CUDA provider and cuDNN load by name, in the order of their dependencies: each is
// in the process when the next one asks for it.
var libraries = []struct{ folder, file string }{
	{"cuda_runtime", "libcudart.so.12"},
	{"cuda_nvrtc", "libnvrtc.so.12"},
	{"nvjitlink", "libnvJitLink.so.12"},
	{"cublas", "libcublasLt.so.12"},
	{"cublas", "libcublas.so.12"},
	{"cufft", "libcufft.so.11"},
	{"curand", "libcurand.so.10"},
	{"cudnn", "libcudnn.so.9"},
}

// Preload loads the NVIDIA libraries that lie beside an ONNX Runtime library as `make setup-cuda` or pip puts them, by
// their full paths, so that its CUDA provider finds them without LD_LIBRARY_PATH, which a running process cannot change
// for itself. It returns their folder. Where there is none it loads nothing and returns "": the system's own libraries
// are used then, and the provider says what it misses. An error names the library that is missing or cannot be loaded.
// Call it before the first session on the CUDA provider.
func Preload(onnxruntime string) (folder string, err error) {
	if folder = nvidiaBeside(onnxruntime); folder == "" {
		return "", nil
	}
	runtime.LockOSThread() // dlerror speaks of the thread's last call
	defer runtime.UnlockOSThread()
	for _, l := range libraries {
		path := filepath.Join(folder, l.folder, "lib", l.file)
		if _, err := os.Stat(path); err != nil {
			return folder, fmt.Errorf("%s is missing beside ONNX Runtime (%s): run `make setup-cuda`", l.file, path)
		}
		if why := load(path); why != "" {
			return folder, fmt.Errorf("%s cannot be loaded: %s: run `make setup-cuda` again", l.file, why)
		}
	}
	return folder, nil
}

// nvidiaBeside finds the folder "nvidia" of the wheels: in the site-packages that holds onnxruntime/capi, or beside
// such a folder.
func nvidiaBeside(onnxruntime string) string {
	if real, err := filepath.EvalSymlinks(onnxruntime); err == nil {
		onnxruntime = real
	}
	packages := filepath.Dir(filepath.Dir(filepath.Dir(onnxruntime))) // above onnxruntime/capi/FILE
	for _, folder := range []string{filepath.Join(packages, "nvidia"), filepath.Join(filepath.Dir(packages), "nvidia", "nvidia")} {
		if info, err := os.Stat(filepath.Join(folder, "cuda_runtime")); err == nil && info.IsDir() {
			if full, err := filepath.Abs(folder); err == nil {
				return full
			}
		}
	}
	return ""
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
