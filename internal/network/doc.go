// Package network has the words for a network that is ready to be quantized: holders, weights, biases and what
// follows them.
package network
