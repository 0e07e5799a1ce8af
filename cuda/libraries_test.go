//go:build cuda

package cuda_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/cuda"
)

// wheelLibraries are the files of the NVIDIA wheels, in the order in which they need each other.
var wheelLibraries = []string{"cuda_runtime/lib/libcudart.so.12", "cuda_nvrtc/lib/libnvrtc.so.12", "nvjitlink/lib/libnvJitLink.so.12",
	"cublas/lib/libcublasLt.so.12", "cublas/lib/libcublas.so.12", "cufft/lib/libcufft.so.11", "curand/lib/libcurand.so.10", "cudnn/lib/libcudnn.so.9"}

// standIns puts empty libraries of these names under a folder; each needs the one before it, by name alone.
func standIns(t *testing.T, folder string) {
	t.Helper()
	before := ""
	for _, name := range wheelLibraries {
		path := filepath.Join(folder, name)
		do(t, os.MkdirAll(filepath.Dir(path), 0o777))
		source := filepath.Join(t.TempDir(), "empty.c")
		do(t, os.WriteFile(source, []byte("int demote_stand_in(void) { return 0; }\n"), 0o666))
		args := []string{"-shared", "-fPIC", "-Wl,--no-as-needed", "-Wl,-soname," + filepath.Base(name), "-o", path, source}
		if before != "" {
			args = append(args, before)
		}
		if out, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		before = path
	}
}

func loaded(t *testing.T) string {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	do(t, err)
	return string(maps)
}

func TestPreloadFindsTheWheels(t *testing.T) {
	for _, c := range []struct{ name, runtime, nvidia string }{
		{"as pip puts them", "site/onnxruntime/capi", "site/nvidia"},
		{"as make setup-cuda puts them", "onnxruntime/onnxruntime/capi", "nvidia/nvidia"},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := t.TempDir()
			library := filepath.Join(top, c.runtime, "libonnxruntime.so.1.26.0")
			do(t, os.MkdirAll(filepath.Dir(library), 0o777))
			do(t, os.WriteFile(library, nil, 0o666))
			if folder, err := cuda.Preload(library); folder != "" || err != nil {
				t.Errorf("without the wheels: %q, %v", folder, err)
			}
			standIns(t, filepath.Join(top, c.nvidia))
			link := filepath.Join(t.TempDir(), "libonnxruntime.so")
			do(t, os.Symlink(library, link))
			folder, err := cuda.Preload(link)
			do(t, err)
			for _, name := range wheelLibraries {
				if path := filepath.Join(folder, name); !strings.Contains(loaded(t), path) {
					t.Errorf("%s is not loaded", path)
				}
			}
		})
	}
}

func TestPreloadSaysWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name, want string
		spoil      func(nvidia string) error
	}{
		{"a library is missing", "libcufft.so.11 is missing beside ONNX Runtime", func(nvidia string) error {
			return os.Remove(filepath.Join(nvidia, "cufft/lib/libcufft.so.11"))
		}},
		{"a library is broken", "libnvrtc.so.12 cannot be loaded", func(nvidia string) error {
			return os.WriteFile(filepath.Join(nvidia, "cuda_nvrtc/lib/libnvrtc.so.12"), []byte("no library"), 0o666)
		}},
	} {
		top := t.TempDir() // one each: a library that is loaded must not be written to
		nvidia := filepath.Join(top, "nvidia")
		standIns(t, nvidia)
		do(t, c.spoil(nvidia))
		if _, err := cuda.Preload(filepath.Join(top, "onnxruntime", "capi", "libonnxruntime.so")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}
