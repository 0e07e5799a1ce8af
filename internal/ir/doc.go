// Package ir is the graph and its file: models are read, checked, indexed, put into order and written here, with their protobuf, external
// data and tensors, and one table says which traits the operators have.
//
// A TensorProto that is part of a model is never edited in place, only replaced: clones of a model share their tensors, and the bytes of
// external data are a read-only mapping of the file.
package ir
