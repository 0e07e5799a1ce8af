package backend

import (
	"strconv"
	"strings"

	"example.org/demote/mistake"
)

// DeviceCPU is the name of the device that every machine has.
const DeviceCPU = "cpu"

// gpuLooks is the number of blocks that a GPU runs between two looks at the bound: a look waits for the
// device, a block too many costs its time.
const gpuLooks = 4

// onCPU says whether the options ask for the CPU.
func (o Options) onCPU() bool { return o.Device == "" || o.Device == DeviceCPU }

// looks is the number of blocks that are run before their gains are looked at. On the CPU that is one: where there are more
// workers, they run ahead.
func (o Options) looks() int {
	if o.onCPU() {
		return 1
	}
	return gpuLooks
}

// A DeviceInfo is a device that searches can run on, or the reason why they cannot.
type DeviceInfo struct {
	Name   string // cpu, cuda:0
	Text   string // what it is, in words
	Why    string // it cannot be used because; empty: it can
	Memory int64  // bytes in all; 0 where it is the machine's
	Free   int64  // bytes that can still be had
}

// gpuNumber reads a device's name: cuda, cuda:0, cuda:1.
func gpuNumber(name string) (int, error) {
	text, ok := strings.CutPrefix(name, "cuda:")
	if name == "cuda" {
		text, ok = "0", true
	}
	n, err := strconv.Atoi(text)
	if !ok || err != nil || n < 0 {
		return 0, mistake.Errorf("--device %s: choose auto, cpu, or a GPU such as cuda:0; `demote devices` lists them", name)
	}
	return n, nil
}

// Traffic is what a GPU was asked to move and to start beside the networks' own kernels, since it
// was opened. Everything is 0 on the CPU.
type Traffic struct {
	UpCopies    int64 `json:"up_copies"` // host to device
	UpBytes     int64 `json:"up_bytes"`
	DownCopies  int64 `json:"down_copies"` // device to host
	DownBytes   int64 `json:"down_bytes"`
	Launches    int64 `json:"launches"` // of kernels for metrics and stored activations
	Allocations int64 `json:"allocations"`
}

// Sub is the traffic since an earlier look.
func (t Traffic) Sub(u Traffic) Traffic {
	return Traffic{t.UpCopies - u.UpCopies, t.UpBytes - u.UpBytes, t.DownCopies - u.DownCopies, t.DownBytes - u.DownBytes,
		t.Launches - u.Launches, t.Allocations - u.Allocations}
}

// Traffic is what the evaluator's device has moved so far.
func (e *Evaluator) Traffic() Traffic {
	if d, ok := e.device.(interface{ traffic() Traffic }); ok {
		return d.traffic()
	}
	return Traffic{}
}

// Graphs says how many of the evaluator's parts a GPU replays as one captured graph, as far as they have run, and why one of
// the others is not; 0 and "" on the CPU.
func (e *Evaluator) Graphs() (captured int, why string) {
	if e.shapes != nil {
		return 0, ""
	}
	if l, ok := e.chain.lanes()[0].(interface{ graphs() (int, string) }); ok {
		return l.graphs()
	}
	return 0, ""
}
