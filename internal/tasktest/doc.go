// Package tasktest has what the tests of several rooms run on: small networks with their samples as files,
// configurations of searches of them, and a TestMain that opens ONNX Runtime.
package tasktest
