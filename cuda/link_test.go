//go:build cuda

package cuda_test

import (
	"bufio"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
)

// driverPath returns the file that this process has loaded as its driver.
func driverPath(t *testing.T) string {
	t.Helper()
	maps, err := os.Open("/proc/self/maps")
	do(t, err)
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		if i := strings.IndexByte(lines.Text(), '/'); i >= 0 && strings.HasSuffix(lines.Text(), "/libcuda.so.1") {
			return lines.Text()[i:]
		}
	}
	t.Fatal("no libcuda.so.1 is loaded")
	return ""
}

// driverNames keeps the names of the driver API, cuInit and so on.
func driverNames(symbols []elf.Symbol, keep func(elf.Symbol) bool) []string {
	var names []string
	for _, s := range symbols {
		if len(s.Name) > 2 && s.Name[:2] == "cu" && s.Name[2] >= 'A' && s.Name[2] <= 'Z' && keep(s) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// program builds a program with the tag cuda, symbols included, which a test binary of `go test` has not.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gpucheck")
	if out, err := exec.Command("go", "build", "-tags", "cuda", "-o", path, "example.org/demote/cuda/gpucheck").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func openELF(t *testing.T, path string) *elf.File {
	t.Helper()
	f, err := elf.Open(path)
	do(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func defined(s elf.Symbol) bool {
	return s.Section != elf.SHN_UNDEF && elf.ST_TYPE(s.Info) == elf.STT_FUNC
}

// What a program with the tag cuda calls in the driver is bound at run time, function by function: the emulated device
// must have every one. The program itself must need no libcuda.so.1 to be loaded: it would not start on a machine
// without a driver, and could not say why. And it has no run path, on which a stub or the emulated device might lie.
func TestEmulatedDriverHasWhatAProgramNeeds(t *testing.T) {
	binary := openELF(t, program(t))
	symbols, err := binary.Symbols()
	do(t, err)
	// a trampoline has a slot; the rest are helpers of gorgonia.org/cu with names in the driver's style
	slots := map[string]bool{}
	for _, s := range symbols {
		slots[s.Name] = true
	}
	imports := driverNames(symbols, func(s elf.Symbol) bool { return defined(s) && slots["demote_slot_"+s.Name] })
	if len(imports) < 159 {
		t.Fatalf("the program has %d trampolines, but gorgonia.org/cu alone names 159 functions: %v", len(imports), imports)
	}
	dynamic, err := openELF(t, driverPath(t)).DynamicSymbols()
	do(t, err)
	exports := driverNames(dynamic, defined)
	for _, name := range imports {
		if !slices.Contains(exports, name) {
			t.Errorf("the emulated device does not export %s", name)
		}
	}
	for _, versioned := range []string{"cuMemAlloc_v2", "cuCtxCreate_v2", "cuMemcpyHtoD_v2", "cuDevicePrimaryCtxRelease_v2"} {
		if !slices.Contains(imports, versioned) {
			t.Errorf("the program does not call %s: the header maps to an old interface", versioned)
		}
	}

	libraries, err := binary.ImportedLibraries()
	do(t, err)
	for _, name := range libraries {
		if strings.Contains(name, "cuda") {
			t.Errorf("the program needs %s at start", name)
		}
	}
	undefined, err := binary.DynamicSymbols()
	do(t, err)
	if left := driverNames(undefined, func(s elf.Symbol) bool { return s.Section == elf.SHN_UNDEF }); len(left) > 0 {
		t.Errorf("unbound driver functions in the program: %v", left)
	}
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		if paths, err := binary.DynString(tag); err != nil || len(paths) > 0 {
			t.Errorf("the program has a run path: %v %v", paths, err)
		}
	}
}

// A program with the tag cuda says in one line, and with exit code 2, why there is no GPU for it.
func TestEmulatedProgramsWithoutAGPU(t *testing.T) {
	path := program(t)
	for _, c := range []struct {
		name  string
		env   []string
		args  []string
		lines string
	}{
		{"no driver", []string{"LD_LIBRARY_PATH="}, nil, "demote: no NVIDIA driver: libcuda.so.1: "},
		{"no GPU", []string{"DEMOTE_EMU=devices=0"}, nil, "demote: the NVIDIA driver finds no GPU (CUDA error 100)"},
		{"a stub", []string{"DEMOTE_EMU=fail=cuInit:0:34"}, nil, "demote: libcuda.so.1 is the CUDA toolkit's stub, not a driver"},
		{"versions differ", []string{"DEMOTE_EMU=fail=cuInit:0:803"}, nil, "demote: the NVIDIA driver's library and kernel module are of different versions"},
		{"something else", []string{"DEMOTE_EMU=fail=cuInit:0:999"}, nil, "demote: the NVIDIA driver does not start (CUDA error 999)"},
		{"driver too old", []string{"DEMOTE_EMU=driver=11080"}, nil, "gpucheck: the NVIDIA driver serves CUDA 11.8, but 12.0 is needed"},
		{"no such GPU", nil, []string{"-device", "1"}, "gpucheck: there is no GPU 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			command := exec.Command(path, append(c.args, "-out", t.TempDir())...)
			command.Env = append(os.Environ(), c.env...)
			var stdout, stderr strings.Builder
			command.Stdout, command.Stderr = &stdout, &stderr
			err := command.Run()
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 {
				t.Errorf("got %v, want exit code 2", err)
			}
			if !strings.HasPrefix(stderr.String(), c.lines) || strings.Count(stderr.String(), "\n") != 1 || stdout.Len() > 0 {
				t.Errorf("said %q and on stdout %q, want one line %q...", stderr.String(), stdout.String(), c.lines)
			}
		})
	}
}

var (
	entryPattern = regexp.MustCompile(`(?s)\.visible \.entry (\w+)\((.*?)\)`)
	paramPattern = regexp.MustCompile(`\.param \.[a-z](\d+)`)
)

// The host build of kernels.cu and the PTX that the driver gets are of the same kernels with the same parameters.
func TestEmulatedKernelTableIsTheEntryListOfThePTX(t *testing.T) {
	sizes := map[string]string{"8": "1", "16": "2", "32": "4", "64": "8"}
	var entries []string
	for _, m := range entryPattern.FindAllStringSubmatch(cuda.PTX, -1) {
		entry := m[1]
		for _, p := range paramPattern.FindAllStringSubmatch(m[2], -1) {
			entry += " " + sizes[p[1]]
		}
		entries = append(entries, entry)
	}
	table := strings.Split(strings.TrimSpace(emutest.Kernels()), "\n")
	slices.Sort(entries)
	slices.Sort(table)
	if !slices.Equal(entries, table) {
		t.Errorf("kernel table and PTX differ:\n%s\n--\n%s", strings.Join(table, "\n"), strings.Join(entries, "\n"))
	}
	for _, line := range []string{"\n.version 6.3\n", "\n.target sm_75\n", "\n.address_size 64\n"} {
		if !strings.Contains(cuda.PTX, line) {
			t.Errorf("the PTX has no line %q", strings.TrimSpace(line))
		}
	}
}
