//go:build cuda && installed

package cuda_test

import (
	"errors"
	"testing"

	"example.org/demote/cgo"
	"example.org/demote/cuda"
)

// TestInstalledLibraries loads what `make setup-cuda` has brought: NVIDIA's own libraries by their full paths, and with
// them ONNX Runtime's CUDA provider, which gets as far as its first call of the CUDA runtime. That one wants a real
// driver, and what it says of the emulated one is explained.
func TestInstalledLibraries(t *testing.T) {
	openRuntime(t)
	folder, err := cuda.Preload(cgo.Path())
	if err != nil || folder == "" {
		t.Fatalf("from %q: %v: run `make setup-cuda`", folder, err)
	}
	err = cgo.CheckCUDA(0)
	if explained := cuda.Explain(err); !errors.Is(explained, cuda.ErrDriver) {
		t.Errorf("the provider says %v, explained as %v", err, explained)
	}
}
