// Package both makes one evaluator of two scores that a mask has: what is searched must be good by the one and by the
// other, as in the exact and the default session of ONNX Runtime.
package both
