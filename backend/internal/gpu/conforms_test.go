//go:build cuda && !gpu && !placement

package gpu_test

import (
	"testing"

	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/internal/gpu"
	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
	"example.org/demote/cuda/emutest"
)

// TestEmulatedConforms holds the emulated GPU to package device.
func TestEmulatedConforms(t *testing.T) {
	if err := cgo.Init(orttest.Path(t)); err != nil {
		t.Fatal(err)
	}
	emutest.Set(t, "shared=1")
	devicetest.Run(t, devicetest.Subject{Kind: gpu.Kind, Options: device.Options{Name: "cuda:0", Threads: 1, Level: 99}, Live: emutest.Live})
}
