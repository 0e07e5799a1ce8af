package written

import "golang.org/x/sys/cpu"

// saturates tells whether the processor has ONNX Runtime multiply uint8 activations by int8 weights in steps of 16
// bits, which cut off what does not fit: an x86-64 with AVX2 or AVX-512 and without VNNI. See docs/exactness.md.
var saturates = cpu.X86.HasAVX2 && !cpu.X86.HasAVX512VNNI && !cpu.X86.HasAVXVNNI

// Saturation is who else may be at fault where a default session scores too low, as an end of a cure; empty: nobody.
func Saturation() string {
	if !saturates {
		return ""
	}
	return "this processor has no VNNI, and without it default sessions cut off sums of int8 products: another one may score higher"
}

// OrSaturation is a cure with that behind it.
func OrSaturation(cure string) string {
	if note := Saturation(); note != "" {
		return cure + "; " + note
	}
	return cure
}
