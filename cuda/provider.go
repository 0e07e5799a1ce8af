//go:build cuda

package cuda

import (
	"debug/elf"
	"fmt"
	"path/filepath"
	"slices"
)

// providerFile is the CUDA provider's library; it lies beside ONNX Runtime's.
const providerFile = "libonnxruntime_providers_cuda.so"

// ProviderCUDA returns for which CUDA the provider beside an ONNX Runtime library is built, 12 or 13, by the libraries
// that it names; 0 if there is no provider, or it cannot be read, or it is for another CUDA.
func ProviderCUDA(onnxruntime string) int {
	if real, err := filepath.EvalSymlinks(onnxruntime); err == nil {
		onnxruntime = real
	}
	f, err := elf.Open(filepath.Join(filepath.Dir(onnxruntime), providerFile))
	if err != nil {
		return 0
	}
	defer f.Close()
	needed, err := f.ImportedLibraries()
	if err != nil {
		return 0
	}
	for _, version := range versions {
		for _, name := range needed {
			if name == fmt.Sprintf("libcudart.so.%d", version) {
				return version
			}
		}
	}
	return 0
}

// Suits says why a GPU's driver cannot serve the provider beside an ONNX Runtime library; nil if it can, or if that
// cannot be known. The error is ErrDriver.
func (i Info) Suits(onnxruntime string) error {
	version := ProviderCUDA(onnxruntime)
	if version == 0 || i.Driver < 0 || i.Driver >= 1000*version {
		return nil
	}
	cure := ""
	if i.Driver >= minDriver {
		cure = ", or run `make setup-cuda`, which brings the one for CUDA 12, and unset DEMOTE_ORT and --ort"
	}
	return fmt.Errorf("this ONNX Runtime is built for CUDA %d, but the NVIDIA driver serves CUDA %s: install driver %d or newer%s: %w",
		version, versionText(i.Driver), oldestDriver[version], cure, ErrDriver)
}

// versions are the CUDA versions whose providers are known, the newest first.
var versions = []int{13, 12}

// oldestDriver is the first driver for all GPUs that serves a CUDA version (NVIDIA's CUDA compatibility document).
var oldestDriver = map[int]int{12: 525, 13: 580}

// wheel returns what pip calls the wheel that holds a library of a CUDA version; "" for a library that is not known.
func wheel(name string, version int) string {
	for _, l := range libraries[version] {
		if l.file == name {
			return l.wheel
		}
	}
	return ""
}

// cudaOf returns of which CUDA version a library is by its name, 0 for those of both and for unknown ones.
func cudaOf(name string) int {
	found := 0
	for _, v := range versions {
		if slices.ContainsFunc(libraries[v], func(l library) bool { return l.file == name }) {
			if found != 0 {
				return 0
			}
			found = v
		}
	}
	return found
}
