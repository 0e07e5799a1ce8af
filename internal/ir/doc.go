// Package ir is the intermediate representation of a network: the ONNX graph and its file. It reads, checks, indexes,
// sorts and writes models, with their protobuf, external data and tensors. One table has the traits of the operators.
//
// Models own their protobuf messages. A TensorProto that is part of a model is never edited in place, only replaced:
// clones of a model share their tensors, and the bytes of external data are a read-only mapping of the file. Do not
// write to them.
//
// Functions that return errors return mistake.Err for everything that a file can be the cause of. Functions without
// an error need a model that Read or Parse has checked. The standard is https://onnx.ai/onnx/repo-docs/IR.html.
package ir
