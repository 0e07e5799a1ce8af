package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	ptx := flag.String("ptx", "cuda/kernels.ptx", "PTX file to judge")
	logs := flag.String("logs", "", "folder with ptxas's logs, sm_NN.log")
	docs := flag.String("docs", "docs/gpu.md", "document with the table; empty for none")
	write := flag.Bool("write", false, "write the table into the document")
	flag.Parse()
	if err := judge(*ptx, *logs, *docs, *write); err != nil {
		fmt.Fprintln(os.Stderr, "gate:", err)
		os.Exit(1)
	}
}

func judge(ptx, logs, docs string, write bool) error {
	text, err := os.ReadFile(ptx)
	if err != nil {
		return err
	}
	if err := checkPTX(string(text)); err != nil {
		return fmt.Errorf("%s: %w", ptx, err)
	}
	usage, err := readLogs(logs)
	if err != nil {
		return err
	}
	if err := checkUsage(usage); err != nil {
		return err
	}
	fmt.Printf("gate: %d kernels on %d architectures, no spill, no local memory, no double, nothing contracted or approximated\n",
		len(usage[0].kernels), len(usage))
	if docs == "" {
		return nil
	}
	return updateTable(docs, table(usage), write)
}

// forbidden are the PTX operations whose result is not the one that package quant defines, or not the same at every
// run.
var forbidden = []struct {
	why     string
	pattern *regexp.Regexp
}{
	{"a double", regexp.MustCompile(`\.f64\b`)},
	{"denormals flushed to zero", regexp.MustCompile(`\.ftz\b`)},
	{"an approximation", regexp.MustCompile(`\.approx\b|\.full\b`)},
	{"an atomic operation", regexp.MustCompile(`\b(?:atom|red)\.(?:global|shared)`)},
	{"an operation that ptxas may contract", regexp.MustCompile(`\b(?:add|sub|mul)\.f32\b`)},
	{"a call", regexp.MustCompile(`\bcall\b`)},
	{"local memory", regexp.MustCompile(`\.local\b`)},
}

// A fused multiply-add is written out in the sigmoid of one kernel, and nowhere else is one wanted. There it is the
// rounding one.
var (
	entry    = regexp.MustCompile(`\.entry (\w+)`)
	fused    = regexp.MustCompile(`\bfma\.`)
	rounded  = regexp.MustCompile(`\bfma\.rn\.f32\b`)
	hasFused = map[string]bool{"fake_quant_of": true}
)

// A kernel that rounds to a grid asks for its data before its grid, so that it waits for both at once.
var (
	load      = regexp.MustCompile(`\bld\.global\.`)
	dataLoad  = regexp.MustCompile(`\bld\.global\.v4\.f32\b`)
	dataFirst = map[string]bool{"fake_quant": true, "fake_quant_of": true}
)

// checkPTX looks at every line of PTX for a forbidden operation.
func checkPTX(text string) error {
	kernel, loaded := "", ""
	for i, line := range strings.Split(text, "\n") {
		if code, _, _ := strings.Cut(line, "//"); code != "" {
			if m := entry.FindStringSubmatch(code); m != nil {
				kernel = m[1]
			}
			if load.MatchString(code) && loaded != kernel {
				if loaded = kernel; dataFirst[kernel] && !dataLoad.MatchString(code) {
					return fmt.Errorf("line %d: %s asks for its grid before its data: %s", i+1, kernel, strings.TrimSpace(line))
				}
			}
			if fused.MatchString(code) && !(hasFused[kernel] && rounded.MatchString(code)) {
				return fmt.Errorf("line %d holds a fused multiply-add: %s", i+1, strings.TrimSpace(line))
			}
			for _, f := range forbidden {
				if f.pattern.MatchString(code) {
					return fmt.Errorf("line %d holds %s: %s", i+1, f.why, strings.TrimSpace(line))
				}
			}
		}
	}
	for _, line := range []string{".version 6.3", ".target sm_75"} {
		if !strings.Contains(text, "\n"+line+"\n") {
			return fmt.Errorf("there is no line %s", line)
		}
	}
	return nil
}

// kernelUse is what ptxas says of one kernel.
type kernelUse struct {
	name                           string
	registers, shared              int
	stack, spillStores, spillLoads int
}

// archUse is what it says of all of them on one architecture.
type archUse struct {
	arch    int // 80 for sm_80
	kernels []kernelUse
}

var (
	compiling = regexp.MustCompile(`Compiling entry function '(\w+)'`)
	frame     = regexp.MustCompile(`(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads`)
	used      = regexp.MustCompile(`Used (\d+) registers`)
	sharedUse = regexp.MustCompile(`(\d+) bytes smem`)
)

// readLogs parses every sm_NN.log of a folder, lowest architecture first.
func readLogs(dir string) ([]archUse, error) {
	files, err := filepath.Glob(filepath.Join(dir, "sm_*.log"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no sm_NN.log in %q", dir)
	}
	var all []archUse
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		arch, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "sm_"), ".log"))
		if err != nil {
			return nil, fmt.Errorf("%s is not named after an architecture", file)
		}
		all = append(all, archUse{arch, parseLog(string(text))})
	}
	slices.SortFunc(all, func(a, b archUse) int { return a.arch - b.arch })
	return all, nil
}

// parseLog reads the output of ptxas -v.
func parseLog(text string) []kernelUse {
	var list []kernelUse
	for line := range strings.SplitSeq(text, "\n") {
		if m := compiling.FindStringSubmatch(line); m != nil {
			list = append(list, kernelUse{name: m[1], registers: -1})
		}
		if len(list) == 0 {
			continue
		}
		k := &list[len(list)-1]
		if m := frame.FindStringSubmatch(line); m != nil {
			k.stack, k.spillStores, k.spillLoads = number(m[1]), number(m[2]), number(m[3])
		}
		if m := used.FindStringSubmatch(line); m != nil {
			k.registers = number(m[1])
		}
		if m := sharedUse.FindStringSubmatch(line); m != nil {
			k.shared = number(m[1])
		}
	}
	slices.SortFunc(list, func(a, b kernelUse) int { return strings.Compare(a.name, b.name) })
	return list
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		panic("gate: a pattern of digits matched " + digits)
	}
	return n
}

// checkUsage demands the same kernels on every architecture, all of them in registers.
func checkUsage(all []archUse) error {
	for _, a := range all {
		if len(a.kernels) == 0 || len(a.kernels) != len(all[0].kernels) {
			return fmt.Errorf("sm_%d: %d kernels, but %d on sm_%d", a.arch, len(a.kernels), len(all[0].kernels), all[0].arch)
		}
		for _, k := range a.kernels {
			if k.registers < 0 || k.stack+k.spillStores+k.spillLoads > 0 {
				return fmt.Errorf("sm_%d: %s uses %d registers, %d bytes of stack, %d and %d bytes of spills", a.arch, k.name, k.registers, k.stack,
					k.spillStores, k.spillLoads)
			}
		}
	}
	return nil
}
