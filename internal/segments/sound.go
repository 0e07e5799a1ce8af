package segments

import (
	"fmt"

	"example.org/demote/backend"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// leastSound is the first minor version of ONNX Runtime 1 that was seen to plan the memory of 4 bits right: 1.26 was
// seen to take an element of 4 bits for a byte, and to let a tensor of bytes have the memory of one of 4 bits of the
// same shape, half of what it needs. It damages the heap of the process.
const leastSound = 32

// ConfusesCodes says whether this runtime does so with codes of 4 bits beside codes of 8, or truth values, where their
// shapes are known.
func ConfusesCodes() bool { return confuses(backend.RuntimeVersion()) }

func confuses(version string) bool {
	var major, minor int
	_, err := fmt.Sscanf(version, "%d.%d", &major, &minor)
	return err == nil && major == 1 && minor < leastSound
}

// Sound is the error for a file that this runtime would damage the memory of the process with, once its shapes are
// fixed; nil for all others.
func Sound(m *onnx.Model) error {
	if !m.MixedCodes() || !ConfusesCodes() {
		return nil
	}
	return m.InFile(mistake.Errorf("ONNX Runtime %s gives tensors of 8 bits, or of truth values, the memory of tensors of 4 bits where it knows their shapes, and 1.%d does not: run it there", backend.RuntimeVersion(), leastSound))
}
