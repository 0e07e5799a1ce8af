//go:build !cuda

package gpu

import (
	"context"

	"example.org/demote/backend/device"
	"example.org/demote/mistake"
)

// WithCUDA says whether this program was built for GPUs.
const WithCUDA = false

// List lists the GPUs: none, in a program built for the CPU.
func List() ([]device.Info, error) { return nil, nil }

// Check says whether a search can run on a GPU.
func Check(name string) (device.Info, error) {
	if _, err := gpuNumber(name); err != nil {
		return device.Info{}, err
	}
	return device.Info{}, mistake.Errorf("--device %s: this program was built for the CPU: run `make setup-cuda cuda` and use bin/demote-cuda, or choose auto or cpu", name)
}

// Kind is a GPU, which cannot be opened.
var Kind = device.Kind{Traits: traits, Open: func(_ context.Context, o device.Options) (device.Device, error) {
	_, err := Check(o.Name)
	return nil, err
}}

// FreeMemory is the memory of a GPU that can still be had, in bytes.
func FreeMemory(name string) (int64, error) {
	_, err := Check(name)
	return 0, err
}

// OutOfMemory says whether an error is that a GPU's memory is full. The evaluator must be closed then.
func OutOfMemory(error) bool { return false }

// DeviceLost says whether an error is that a GPU does not answer any more.
func DeviceLost(error) bool { return false }
