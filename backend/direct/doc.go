// Package direct runs networks without holders on ONNX Runtime as they are: to look at their tensors, to measure
// shapes and times, and to try them.
package direct
