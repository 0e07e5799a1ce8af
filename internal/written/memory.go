package written

import (
	"fmt"

	"example.org/demote/backend"
	"example.org/demote/onnx"
)

// leastSound is the first minor version of ONNX Runtime 1 that was seen to plan the memory of 4 bits right: 1.26 was
// seen to take an element of 4 bits for a byte, and to let a tensor of bytes have the memory of one of 4 bits of the
// same shape, half of what it needs. It damages the heap of the process.
const leastSound = 32

// ConfusesCodes says whether this runtime does so with codes of 4 bits beside codes of 8 where their shapes are known.
func ConfusesCodes() bool { return confuses(backend.RuntimeVersion()) }

func confuses(version string) bool {
	var major, minor int
	_, err := fmt.Sscanf(version, "%d.%d", &major, &minor)
	return err == nil && major == 1 && minor < leastSound
}

// errConfused is why a file is not run in this process.
var errConfused = fmt.Errorf("it gives tensors of 8 bits the memory of tensors of 4 bits where it knows their shapes; 1.%d does not", leastSound)

// unsound says whether this runtime would damage the memory of this process with a file once its shapes are fixed.
func unsound(file *onnx.Model) bool { return file.MixedCodes() && ConfusesCodes() }
