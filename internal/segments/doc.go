// Package segments hands an ONNX network to the evaluator: backend.Source on a model whose shapes are fixed, cut
// where trials may begin, and on a file as it is written.
package segments
