// Package wire is the protobuf encoding of ONNX files. It checks a message before it is decoded, decodes and encodes
// it without copying the bytes of the weights, which are most of a file, and clones messages that share them.
//
// Messages are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), the encoding is that of
// https://protobuf.dev/programming-guides/encoding. The bytes of a tensor are read only once it is part of a model.
package wire
