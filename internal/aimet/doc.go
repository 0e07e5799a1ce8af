// Package aimet reads and writes AIMET's encodings, files of grids beside a float network, and the overrides of ONNX
// Runtime's quantizer. A grid is the set of values that an activation quantizer can output.
package aimet
