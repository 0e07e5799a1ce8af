// Package ir is the intermediate representation of a network: the ONNX graph and its file. It reads, checks, indexes,
// sorts and writes models, with their protobuf, external data and tensors. One table has the traits of the operators.
//
// Models own their protobuf messages. A TensorProto that is part of a model is never edited in place, only replaced:
// clones of a model share their tensors, and the bytes of external data are a read-only mapping of the file. Do not
// write to them.
//
// Functions that return errors return mistake.Err for everything that a file can be the cause of. Functions without
// an error need a model that Read or Parse has checked: every name is defined once and before its use, every tensor
// has the bytes of its shape, and no tensor is sparse, external or in segments.
//
// What the standard calls the IR is https://onnx.ai/onnx/repo-docs/IR.html, here "IR specification"; the messages are
// those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, and the operators those of
// https://onnx.ai/onnx/operators. Conventions of all of this package:
//
//   - Tensors are named by strings, in one name space a graph. A body of If, Loop or Scan also sees the names of the
//     graphs around it, and must not define them again. An empty name is an optional operand that is absent.
//   - A name has one producer (static single assignment): a node, an input or an initializer.
//   - Shapes are dimensions from the outermost to the innermost, and elements are stored row-major. No dimensions are
//     a scalar. A size of -1 is symbolic or unknown.
//   - The standard domain of operators has the names "" and "ai.onnx".
//   - Nodes of a graph are in topological order: the file's, made stable by NewIndex where it was not.
package ir
