//go:build cuda

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"example.org/demote/cuda"
)

// Report is what gpu-report.json holds.
type Report struct {
	Time     time.Time
	Emulated bool // then nothing in here is a GPU result
	Driver   int
	Device   cuda.Info
	Kernels  []cuda.KernelInfo
	Checks   []Check
	Bench    json.RawMessage `json:",omitempty"` // as `demote bench --json` writes it
}

// Check is the answer to one question.
type Check struct {
	Question string
	Passed   bool
	Answer   string
	Value    float64 `json:",omitempty"` // where the answer is a number
	Unit     string  `json:",omitempty"`
}

// add notes an answer.
func (r *Report) add(question string, passed bool, format string, args ...any) {
	r.Checks = append(r.Checks, Check{Question: question, Passed: passed, Answer: fmt.Sprintf(format, args...)})
}

// measure notes a number that is neither right nor wrong.
func (r *Report) measure(question string, value float64, unit string) {
	r.Checks = append(r.Checks, Check{Question: question, Passed: true, Answer: fmt.Sprintf("%.4g %s", value, unit), Value: value, Unit: unit})
}

// failed counts the checks that did not pass.
func (r *Report) failed() int {
	n := 0
	for _, c := range r.Checks {
		if !c.Passed {
			n++
		}
	}
	return n
}

// text writes the report for people to read.
func (r *Report) text(w io.Writer) {
	i := r.Device
	if r.Emulated {
		fmt.Fprintln(w, "EMULATED device: nothing below is a GPU result.")
	}
	fmt.Fprintf(w, "GPU %d: %s, capability %d.%d, %d multiprocessors, %.1f GiB, driver for CUDA %d.%d\n", i.Ordinal, i.Name, i.Capability/10,
		i.Capability%10, i.Multiprocessors, float64(i.Memory)/(1<<30), r.Driver/1000, r.Driver%1000/10)
	fmt.Fprintln(w, "\nkernel           registers  local bytes  blocks of 256 on a multiprocessor")
	for _, k := range r.Kernels {
		fmt.Fprintf(w, "%-16s %9d  %11d  %d\n", k.Name, k.Registers, k.LocalBytes, k.Blocks)
	}
	fmt.Fprintln(w)
	for _, c := range r.Checks {
		mark := "ok    "
		if !c.Passed {
			mark = "FAILED"
		}
		fmt.Fprintf(w, "%s %s: %s\n", mark, c.Question, c.Answer)
	}
	fmt.Fprintf(w, "\n%d of %d checks failed\n", r.failed(), len(r.Checks))
}

// write leaves both files in a folder.
func (r *Report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "gpu-report.json"), append(data, '\n'), 0o666); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "gpu-report.txt"))
	if err != nil {
		return err
	}
	r.text(f)
	return f.Close()
}
