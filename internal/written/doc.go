// Package written holds a written file against what was searched: its outputs bit for bit, as it is written and with
// the axes of the search, and its score in the exact and in the default session of ONNX Runtime.
package written
