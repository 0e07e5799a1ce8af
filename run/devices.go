package run

import (
	"fmt"
	"runtime"

	"example.org/demote/backend"
	"example.org/demote/internal/memory"
)

// Found is what `demote devices` says.
type Found struct {
	Runtime string   `json:"onnxruntime"`
	Library string   `json:"library"`
	How     string   `json:"found"`
	Devices []Device `json:"devices"`
}

// A Device is something that searches can run on.
type Device struct {
	Name string `json:"name"`
	Text string `json:"text"`
	Why  string `json:"unusable,omitempty"` // it cannot be used because; empty: it can
}

// Devices is the command devices: the runtime that was found, and what searches can run on.
func Devices(ort string) (*Found, error) {
	path, how, err := OpenRuntime(ort)
	if err != nil {
		return nil, err
	}
	f := &Found{Runtime: backend.RuntimeVersion(), Library: path, How: how, Devices: []Device{{Name: backend.DeviceCPU,
		Text: fmt.Sprintf("%d cores, FakeQuant by %s, %s free", runtime.GOMAXPROCS(0), backend.Instructions(), memory.Text(memory.Free()))}}}
	gpus, err := backend.GPUs()
	if err != nil {
		return nil, err
	}
	for _, g := range gpus {
		f.Devices = append(f.Devices, Device{Name: g.Name, Text: g.Text, Why: g.Why})
	}
	return f, nil
}

// BuiltFor says which devices this program was built for.
func BuiltFor() string {
	if backend.WithCUDA {
		return "the CPU and NVIDIA GPUs"
	}
	return "the CPU"
}
