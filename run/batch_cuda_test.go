//go:build cuda

package run

import "testing"

// TestEmulatedBatchAxis searches networks whose samples must be run alone on the emulated device, and compares with the CPU.
func TestEmulatedBatchAxis(t *testing.T) {
	for name, c := range shaped() {
		t.Run(name, func(t *testing.T) { sameOnDevice(t, c.net.config(t)) })
	}
}

// TestEmulatedAsWritten does so with a network whose written file ONNX Runtime joins otherwise than fixed shapes.
func TestEmulatedAsWritten(t *testing.T) { sameOnDevice(t, wide().config(t)) }
