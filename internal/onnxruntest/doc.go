// Package onnxruntest runs models in ONNX Runtime for the tests of the rooms, and reads the fixtures of the toolkits.
package onnxruntest
