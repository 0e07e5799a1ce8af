// Package quantize puts weights and biases on their grids, inserts quantizers into networks and takes them out of
// files.
package quantize
