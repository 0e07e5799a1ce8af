package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckedInPTXPasses(t *testing.T) {
	text, err := os.ReadFile("../kernels.ptx")
	if err != nil {
		t.Fatal(err)
	}
	if err := checkPTX(string(text)); err != nil {
		t.Error(err)
	}
}

func TestForbiddenOperationsAreFound(t *testing.T) {
	const head = "\n.version 6.3\n.target sm_75\n"
	for _, c := range []struct{ name, line, want string }{
		{"plain", "add.rn.f32 %f1, %f2, %f3;", ""},
		{"comment", "// fma.rn.f32 is what we do not want", ""},
		{"fused", "fma.rn.f32 %f1, %f2, %f3, %f4;", "fused"},
		{"fused where it is wanted", ".entry fake_quant_of(\nfma.rn.f32 %f1, %f2, %f3, %f4;", ""},
		{"fused to zero", ".entry fake_quant_of(\nfma.rz.f32 %f1, %f2, %f3, %f4;", "fused"},
		{"fused behind it", ".entry fake_quant_of(\n.entry pack16(\nfma.rn.f32 %f1, %f2, %f3, %f4;", "fused"},
		{"data first", ".entry fake_quant(\nld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];\nld.global.u32 %r1, [%rd2];", ""},
		{"grid first", ".entry fake_quant(\nld.global.u32 %r1, [%rd2];\nld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];", "before its data"},
		{"another kernel", ".entry pack16(\nld.global.u32 %r1, [%rd2];", ""},
		{"double", "mul.rn.f64 %fd1, %fd2, %fd3;", "double"},
		{"flush", "mul.rn.ftz.f32 %f1, %f2, %f3;", "flushed"},
		{"fast division", "div.approx.f32 %f1, %f2, %f3;", "approximation"},
		{"full range division", "div.full.f32 %f1, %f2, %f3;", "approximation"},
		{"may be contracted", "mul.f32 %f1, %f2, %f3;", "contract"},
		{"atomic", "atom.global.add.f32 %f1, [%rd1], %f2;", "atomic"},
		{"call", "call.uni (retval0), expf, (param0);", "call"},
		{"local array", ".local .align 4 .b8 depot[16];", "local"},
	} {
		err := checkPTX(head + c.line + "\n")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if err := checkPTX("\n.version 8.5\n.target sm_75\n"); err == nil {
		t.Error("another PTX version passes")
	}
}

const log = `ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'b' for 'sm_80'
ptxas info    : Function properties for b
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 128 bytes smem, 388 bytes cmem[0]
ptxas info    : Compiling entry function 'a' for 'sm_80'
ptxas info    : Function properties for a
    16 bytes stack frame, 4 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 255 registers
`

func TestLogsOfPtxas(t *testing.T) {
	got := parseLog(log)
	want := []kernelUse{{"a", 255, 0, 16, 4, 8}, {"b", 40, 128, 0, 0, 0}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := checkUsage([]archUse{{80, got}}); err == nil || !strings.Contains(err.Error(), "sm_80: a uses 255 registers") {
		t.Errorf("a spill gives %v", err)
	}
	if err := checkUsage([]archUse{{80, got[1:]}}); err != nil {
		t.Error(err)
	}
}

// The values are those of NVIDIA's cuda_occupancy.h for these uses.
func TestOccupancy(t *testing.T) {
	for _, c := range []struct{ arch, registers, shared, want int }{
		{75, 36, 0, 100}, {75, 65, 0, 75}, {80, 32, 0, 100}, {80, 33, 0, 75}, {80, 40, 128, 75}, {86, 40, 0, 100}, {86, 42, 0, 83}, {90, 37, 0, 75},
	} {
		if got := occupancy(kernelUse{registers: c.registers, shared: c.shared}, multiprocessor[c.arch]); got != c.want {
			t.Errorf("sm_%d, %d registers: got %d %%, want %d %%", c.arch, c.registers, got, c.want)
		}
	}
}

func TestTableIsWrittenAndCompared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gpu.md")
	if err := os.WriteFile(path, []byte("above\n"+begin+"old\n"+end+"below\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	want := table([]archUse{{80, []kernelUse{{name: "fake_quant", registers: 32}}}})
	if err := updateTable(path, want, false); err == nil {
		t.Error("an old table passes")
	}
	for _, write := range []bool{true, false} {
		if err := updateTable(path, want, write); err != nil {
			t.Error(err)
		}
	}
	text, _ := os.ReadFile(path)
	if string(text) != "above\n"+begin+want+end+"below\n" || !strings.Contains(want, "| `fake_quant` | 8 | 32, 100 % |") {
		t.Errorf("the document is\n%s", text)
	}
}
