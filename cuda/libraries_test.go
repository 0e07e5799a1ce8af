//go:build cuda

package cuda_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/cuda"
)

// wheelLibraries are the files of the NVIDIA wheels of each CUDA, in the order in which they need each other.
var wheelLibraries = map[int][]string{
	12: {"cuda_runtime/lib/libcudart.so.12", "cuda_nvrtc/lib/libnvrtc.so.12", "nvjitlink/lib/libnvJitLink.so.12",
		"cublas/lib/libcublasLt.so.12", "cublas/lib/libcublas.so.12", "cufft/lib/libcufft.so.11", "curand/lib/libcurand.so.10", "cudnn/lib/libcudnn.so.9"},
	13: {"cu13/lib/libcudart.so.13", "cu13/lib/libnvrtc.so.13", "cu13/lib/libnvJitLink.so.13",
		"cu13/lib/libcublasLt.so.13", "cu13/lib/libcublas.so.13", "cu13/lib/libcufft.so.12", "cu13/lib/libcurand.so.10", "cudnn/lib/libcudnn.so.9"},
}

// standIns puts empty libraries of these names under a folder; each needs the one before it, by name alone.
func standIns(t *testing.T, folder string, names []string) {
	t.Helper()
	before := ""
	for _, name := range names {
		emptyLibrary(t, filepath.Join(folder, name), before)
		before = filepath.Base(name)
	}
}

// built are the libraries that emptyLibrary has linked, by name and what they need.
var built = map[[2]string][]byte{}

// emptyLibrary makes a library that needs another one, by name alone; "" for none.
func emptyLibrary(t *testing.T, path, needs string) {
	t.Helper()
	do(t, os.MkdirAll(filepath.Dir(path), 0o777))
	key := [2]string{filepath.Base(path), needs}
	if built[key] == nil {
		scratch := t.TempDir()
		source, out := filepath.Join(scratch, "empty.c"), filepath.Join(scratch, "out.so")
		do(t, os.WriteFile(source, nil, 0o666))
		link := func(soname string, more ...string) {
			args := append([]string{"-shared", "-nostdlib", "-Wl,--no-as-needed", "-Wl,-soname," + soname, source}, more...)
			if said, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
		}
		if needs == "" {
			link(key[0], "-o", out)
		} else {
			link(needs, "-o", filepath.Join(scratch, needs))
			link(key[0], "-o", out, filepath.Join(scratch, needs))
		}
		data, err := os.ReadFile(out)
		do(t, err)
		built[key] = data
	}
	do(t, os.WriteFile(path, built[key], 0o777))
}

// providerOf puts an ONNX Runtime whose CUDA provider is built for a CUDA into a folder, and returns its library.
func providerOf(t *testing.T, folder string, version int) string {
	t.Helper()
	emptyLibrary(t, filepath.Join(folder, "libonnxruntime_providers_cuda.so"), fmt.Sprintf("libcudart.so.%d", version))
	library := filepath.Join(folder, "libonnxruntime.so.1.2.3")
	do(t, os.WriteFile(library, nil, 0o666))
	return library
}

func loaded(t *testing.T) string {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	do(t, err)
	return string(maps)
}

func TestPreloadFindsTheWheels(t *testing.T) {
	for version, names := range wheelLibraries {
		for _, c := range []struct{ name, runtime, nvidia string }{
			{"as pip puts them", "site/onnxruntime/capi", "site/nvidia"},
			{"as make setup-cuda puts them", "onnxruntime/onnxruntime/capi", "nvidia/nvidia"},
		} {
			t.Run(fmt.Sprintf("CUDA %d %s", version, c.name), func(t *testing.T) {
				top := t.TempDir()
				library := filepath.Join(top, c.runtime, "libonnxruntime.so.1.26.0")
				do(t, os.MkdirAll(filepath.Dir(library), 0o777))
				do(t, os.WriteFile(library, nil, 0o666))
				if folder, err := cuda.Preload(library); folder != "" || err != nil {
					t.Errorf("without the wheels: %q, %v", folder, err)
				}
				standIns(t, filepath.Join(top, c.nvidia), names)
				link := filepath.Join(t.TempDir(), "libonnxruntime.so")
				do(t, os.Symlink(library, link))
				folder, err := cuda.Preload(link)
				do(t, err)
				for _, name := range names {
					if path := filepath.Join(folder, name); !strings.Contains(loaded(t), path) {
						t.Errorf("%s is not loaded", path)
					}
				}
			})
		}
	}
}

// TestPreloadOfBothCUDAs holds that the provider decides where the wheels of both CUDA versions are installed, and that
// LD_LIBRARY_PATH does not.
func TestPreloadOfBothCUDAs(t *testing.T) {
	for _, version := range []int{12, 13} {
		top := t.TempDir()
		elsewhere := filepath.Join(top, "elsewhere")
		t.Setenv("LD_LIBRARY_PATH", elsewhere)
		for v, names := range wheelLibraries {
			standIns(t, filepath.Join(top, "nvidia"), names)
			standIns(t, elsewhere, []string{filepath.Base(wheelLibraries[v][0])})
		}
		library := providerOf(t, filepath.Join(top, "onnxruntime", "capi"), version)
		if got := cuda.ProviderCUDA(library); got != version {
			t.Errorf("the provider is for CUDA %d, read as %d", version, got)
		}
		if _, err := cuda.Preload(library); err != nil {
			t.Fatal(err)
		}
		for v, names := range wheelLibraries {
			if path := filepath.Join(top, "nvidia", names[0]); strings.Contains(loaded(t), path) != (v == version) {
				t.Errorf("CUDA %d: is %s loaded? %v", version, path, v != version)
			}
		}
		if strings.Contains(loaded(t), elsewhere) {
			t.Errorf("CUDA %d: a library of LD_LIBRARY_PATH is loaded", version)
		}
	}
}

// TestPreloadElsewhere finds what the wheels lack in PyTorch's own folder and in a toolkit.
func TestPreloadElsewhere(t *testing.T) {
	for _, c := range []struct{ name, moved, to string }{
		{"in PyTorch's wheel", "cudnn/lib/libcudnn.so.9", "torch/lib/libcudnn.so.9"},
		{"in a toolkit", "cu13/lib/libcufft.so.12", "toolkit/lib64/libcufft.so.12"},
		{"in a toolkit's targets", "cu13/lib/libcurand.so.10", "toolkit/targets/x86_64-linux/lib/libcurand.so.10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := t.TempDir()
			t.Setenv("CUDA_HOME", filepath.Join(top, "toolkit"))
			standIns(t, filepath.Join(top, "nvidia"), wheelLibraries[13])
			do(t, os.MkdirAll(filepath.Dir(filepath.Join(top, c.to)), 0o777))
			do(t, os.Rename(filepath.Join(top, "nvidia", c.moved), filepath.Join(top, c.to)))
			_, err := cuda.Preload(providerOf(t, filepath.Join(top, "onnxruntime", "capi"), 13))
			do(t, err)
			if !strings.Contains(loaded(t), filepath.Join(top, c.to)) {
				t.Errorf("%s is not loaded", c.to)
			}
		})
	}
}

// TestPreloadOfAToolkit loads the libraries of a toolkit where there are no wheels and the system finds none; in a
// process of its own, which has no library of these names yet.
func TestPreloadOfAToolkit(t *testing.T) {
	if library := os.Getenv("DEMOTE_TEST_PRELOAD"); library != "" {
		folder, err := cuda.Preload(library)
		fmt.Println(folder, err, loaded(t))
		return
	}
	top := t.TempDir()
	var names []string
	for _, name := range wheelLibraries[13] {
		names = append(names, filepath.Join("lib64", filepath.Base(name)))
	}
	standIns(t, top, names)
	library := providerOf(t, filepath.Join(t.TempDir(), "site", "onnxruntime", "capi"), 13)
	self, err := os.Executable()
	do(t, err)
	command := exec.Command(self, "-test.run=^TestPreloadOfAToolkit$")
	command.Env = append(os.Environ(), "DEMOTE_TEST_PRELOAD="+library, "CUDA_HOME="+top)
	out, err := command.CombinedOutput()
	do(t, err)
	for _, name := range names {
		if !strings.Contains(string(out), filepath.Join(top, name)) {
			t.Errorf("%s is not loaded", name)
		}
	}
}

func TestPreloadSaysWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name          string
		wheels, built int // CUDA of the wheels, and of the provider
		want          string
		spoil         func(nvidia string) error
	}{
		{"a library is missing", 12, 12, "libcufft.so.11 is missing beside ONNX Runtime", func(nvidia string) error {
			return os.Remove(filepath.Join(nvidia, "cufft/lib/libcufft.so.11"))
		}},
		{"a library of CUDA 13 is missing", 13, 13, "run `make setup-cuda`, or type pip install \"nvidia-cublas==13.*\"", func(nvidia string) error {
			return os.Remove(filepath.Join(nvidia, "cu13/lib/libcublas.so.13"))
		}},
		{"cuDNN is missing", 13, 13, "type pip install \"nvidia-cudnn-cu13\"", func(nvidia string) error {
			return os.Remove(filepath.Join(nvidia, "cudnn/lib/libcudnn.so.9"))
		}},
		{"a library is broken", 12, 12, "libnvrtc.so.12 cannot be loaded", func(nvidia string) error {
			return os.WriteFile(filepath.Join(nvidia, "cuda_nvrtc/lib/libnvrtc.so.12"), []byte("no library"), 0o666)
		}},
		{"wheels of the older CUDA", 12, 13, "built for CUDA 13, but the NVIDIA libraries beside it are of CUDA 12", func(string) error { return nil }},
		{"wheels of the newer CUDA", 13, 12, "type pip install \"nvidia-cuda-runtime-cu12\"", func(string) error { return nil }},
	} {
		top := t.TempDir() // one each: a library that is loaded must not be written to
		nvidia := filepath.Join(top, "nvidia")
		standIns(t, nvidia, wheelLibraries[c.wheels])
		do(t, c.spoil(nvidia))
		_, err := cuda.Preload(providerOf(t, filepath.Join(top, "onnxruntime", "capi"), c.built))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

// TestDriverSuitsTheProvider says in one line what to do with a driver that is older than the provider's CUDA.
func TestDriverSuitsTheProvider(t *testing.T) {
	for _, c := range []struct {
		built, driver int
		want          string // "" if it suits
	}{
		{13, 13000, ""}, {13, 13010, ""}, {12, 13000, ""}, {12, 12000, ""}, {13, -1, ""},
		{13, 12090, "built for CUDA 13, but the NVIDIA driver serves CUDA 12.9: install driver 580 or newer, or run `make setup-cuda`"},
		{13, 11080, "serves CUDA 11.8: install driver 580 or newer: "},
	} {
		err := cuda.Info{Driver: c.driver}.Suits(providerOf(t, t.TempDir(), c.built))
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || !errors.Is(err, cuda.ErrDriver)) {
			t.Errorf("CUDA %d on a driver of %d: %v, want %q", c.built, c.driver, err, c.want)
		}
	}
}
