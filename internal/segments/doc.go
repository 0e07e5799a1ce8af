// Package segments prepares an ONNX network for the evaluator. It implements backend.Source for a model with fixed
// shapes, cut where trials may begin (a trial is the run of one mask), and for a file as it is written.
package segments
