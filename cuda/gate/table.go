package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// The launch shape of package cuda.
const blockThreads, warp = 256, 32

// limits of a multiprocessor (CUDA C++ Programming Guide, table "Technical Specifications per Compute Capability").
type limits struct{ warps, blocks, registers, shared int }

var multiprocessor = map[int]limits{
	75:  {32, 16, 65536, 65536},
	80:  {64, 32, 65536, 167936},
	86:  {48, 16, 65536, 102400},
	89:  {48, 24, 65536, 102400},
	90:  {64, 32, 65536, 233472},
	100: {64, 32, 65536, 233472},
	120: {48, 32, 65536, 102400},
}

// occupancy returns the share of a multiprocessor's warps that blocks of 256 threads keep resident, in percent.
// Registers are given out by the warp in units of 256, from four parts of the register file.
func occupancy(k kernelUse, m limits) int {
	blockWarps := blockThreads / warp
	perWarp := (k.registers*warp + 255) / 256 * 256
	blocks := min(m.blocks, m.warps/blockWarps, 4*(m.registers/4/perWarp)/blockWarps)
	if k.shared > 0 {
		blocks = min(blocks, m.shared/(k.shared+1024)) // the system takes 1 KiB a block
	}
	return 100 * blocks * blockWarps / m.warps
}

// traffic is the device memory that a kernel reads and writes, in bytes for each element.
var traffic = map[string]string{
	"choose_grids": "48 a holder", "fake_quant": "8", "fake_quant_of": "8, and 4 of the other tensor", "select_weights": "8 of what changed", "topk_bits": "4 a score",
	"pack16": "6", "unpack16": "6",
}

// table writes registers and occupancy as Markdown.
func table(all []archUse) string {
	var b strings.Builder
	b.WriteString("| kernel | bytes per element |")
	for _, a := range all {
		fmt.Fprintf(&b, " sm_%d |", a.arch)
	}
	b.WriteString("\n| --- | --- |" + strings.Repeat(" --- |", len(all)) + "\n")
	for i, k := range all[0].kernels {
		fmt.Fprintf(&b, "| `%s` | %s |", k.name, traffic[k.name])
		for _, a := range all {
			fmt.Fprintf(&b, " %d, %d %% |", a.kernels[i].registers, occupancy(a.kernels[i], multiprocessor[a.arch]))
		}
		b.WriteString("\n")
	}
	return b.String()
}

const begin, end = "<!-- made by make ptx: begin -->\n", "<!-- made by make ptx: end -->\n"

// updateTable compares the table between the marks of a document with the wanted one, or writes it there.
func updateTable(path, want string, write bool) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), begin)
	have, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no place for the table, between the lines %q and %q", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	if have == want {
		return nil
	}
	if !write {
		return errors.New(path + ": the table of registers is out of date: run make ptx-write")
	}
	return os.WriteFile(path, []byte(before+begin+want+end+after), 0o666)
}
