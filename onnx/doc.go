// Package onnx reads, checks, rewrites and writes ONNX files: it finds the holders of a network, builds the switchable
// network and the QDQ export. It evaluates nothing.
//
// A TensorProto that is part of a model is never edited in place, only replaced: clones of a model share their tensors,
// and the bytes of external data are a read-only mapping of the file.
//
// The way is Read, Prepare, QuantizeWeights, then Network.Switchable to search or Network.QDQ and its like to export; what is
// quantized already comes in by ReadQuantized and Pair.
package onnx
