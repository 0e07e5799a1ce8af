package cpu_test

import (
	"fmt"
	"testing"

	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/internal/cpu"
	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
)

// TestConforms holds the CPU to package device, with the runtime's optimizations and without.
func TestConforms(t *testing.T) {
	if err := cgo.Init(orttest.Path(t)); err != nil {
		t.Fatal(err)
	}
	for _, level := range []int{0, 99} {
		t.Run(fmt.Sprint("level ", level), func(t *testing.T) {
			devicetest.Run(t, devicetest.Subject{Kind: cpu.Kind, Options: device.Options{Threads: 1, Level: level}, Live: func() string {
				if n := cgo.Live(); n != 0 {
					return fmt.Sprintf("%d sessions, bindings and tensors", n)
				}
				return ""
			}})
		})
	}
}
