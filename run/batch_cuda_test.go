//go:build cuda

package run

import "testing"

// TestEmulatedBatchAxis searches networks whose samples lie inside or must be run alone on the emulated device, and
// compares with the CPU.
func TestEmulatedBatchAxis(t *testing.T) {
	for name, c := range shaped() {
		t.Run(name, func(t *testing.T) {
			cfg := c.net.Config(t)
			if name == "Softmax" {
				cfg.Target = "10" // of one sample it is 1, whatever the width: the ends are equal
			}
			sameOnDevice(t, cfg)
		})
	}
}

// TestEmulatedAsWritten does so with a network whose written file ONNX Runtime joins otherwise than fixed shapes.
func TestEmulatedAsWritten(t *testing.T) { sameOnDevice(t, wide().Config(t)) }
