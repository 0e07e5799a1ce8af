// Package external reads the files in which a model keeps its large tensors, its external data: within the model's
// folder and nowhere else, copied while they are small and mapped into memory where they are not. It finds a mapped
// file that has changed while it is in use.
//
// The bytes are read only: those of a mapping belong to the file. A mapping lives as long as the process.
// The rules of locations are those of https://github.com/onnx/onnx/blob/main/docs/ExternalData.md.
package external
