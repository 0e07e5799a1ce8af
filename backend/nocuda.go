//go:build !cuda

package backend

import (
	"context"

	"example.org/demote/mistake"
)

// WithCUDA says whether this program was built for GPUs.
const WithCUDA = false

// GPUs lists the GPUs: none, in a program built for the CPU.
func GPUs() ([]DeviceInfo, error) { return nil, nil }

// CheckGPU says whether a search can run on a GPU.
func CheckGPU(name string) (DeviceInfo, error) {
	if _, err := gpuNumber(name); err != nil {
		return DeviceInfo{}, err
	}
	return DeviceInfo{}, mistake.Errorf("--device %s: this program was built for the CPU: run `make setup-cuda cuda` and use bin/demote-cuda, or choose auto or cpu", name)
}

// gpuKind is a GPU, which cannot be opened.
var gpuKind = kind{traits{Queue: true, OwnMemory: true, MayRound: true}, func(_ context.Context, o deviceOptions) (device, error) {
	_, err := CheckGPU(o.Name)
	return nil, err
}}

// FreeMemory is the memory of a GPU that can still be had, in bytes.
func FreeMemory(name string) (int64, error) {
	_, err := CheckGPU(name)
	return 0, err
}

// OutOfMemory says whether an error is that a GPU's memory is full. The evaluator must be closed then.
func OutOfMemory(error) bool { return false }

// DeviceLost says whether an error is that a GPU does not answer any more.
func DeviceLost(error) bool { return false }
