//go:build cuda && placement

package cuda_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/cgo/orttest"
	"example.org/demote/cuda"
)

// ONNX Runtime's own texts, provoked: another process places a network where something is missing, and its error is
// what Explain says.
func TestPlacementTextsAreKnown(t *testing.T) {
	runtime := filepath.Dir(orttest.Path(t))
	version := cuda.ProviderCUDA(orttest.Path(t))
	var standIn, emulated string
	for _, folder := range filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) {
		if _, err := os.Stat(filepath.Join(folder, fmt.Sprintf("libcudart.so.%d", version))); err == nil {
			standIn = folder
		}
		if _, err := os.Stat(filepath.Join(folder, "libcuda.so.1")); err == nil {
			emulated = folder
		}
	}
	cufft := fmt.Sprintf("libcufft.so.%d", version-1)
	for _, c := range []struct {
		name, missing string // a file of the runtime or of the stand-ins
		standIns      bool   // whether the CUDA libraries are there at all
		want          string
	}{
		{"no CUDA libraries", "", false, fmt.Sprintf("the CUDA %d library libcublasLt.so.%d is missing: run `make setup-cuda`, type pip install", version, version)},
		{"no cuDNN", "libcudnn.so.9", true, "cuDNN 9 is missing (libcudnn.so.9): run `make setup-cuda`"},
		{"no cuFFT", cufft, true, fmt.Sprintf("the CUDA %d library %s is missing", version, cufft)},
		{"core library alone", "libonnxruntime_providers_shared.so", true, "libonnxruntime_providers_shared.so does not lie beside"},
		{"no CUDA provider", "libonnxruntime_providers_cuda.so", true, "libonnxruntime_providers_cuda.so does not lie beside"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ort, libraries := t.TempDir(), t.TempDir()
			link(t, runtime, ort, "libonnxruntime", c.missing)
			if c.standIns {
				link(t, standIn, libraries, "lib", c.missing)
			}
			self, err := os.Executable()
			do(t, err)
			command := exec.Command(self, "-test.run=^TestPlacementOfEveryNetwork$/^examples$")
			command.Env = append(os.Environ(), "DEMOTE_ORT="+filepath.Join(ort, filepath.Base(orttest.Path(t))), "LD_LIBRARY_PATH="+libraries+":"+emulated)
			out, err := command.CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) {
				t.Errorf("got %v and\n%s\nwant %q in it", err, out, c.want)
			}
		})
	}
}

// link puts links to the shared libraries of one folder into another, all but the missing one.
func link(t *testing.T, from, to, prefix, missing string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	do(t, err)
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, prefix) && strings.Contains(name, ".so") && name != missing {
			do(t, os.Symlink(filepath.Join(from, name), filepath.Join(to, name)))
		}
	}
}
