// Package onnxtest builds small models for the tests of the rooms, from calls or from text, and damages them.
package onnxtest
