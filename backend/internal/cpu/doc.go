// Package cpu is the device that every machine has: ONNX Runtime's CPU provider, with all memory in C.
package cpu
