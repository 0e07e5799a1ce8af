// Package network has the types of a network that is ready to be quantized: holders (activation quantizers), weights,
// biases, and constants that follow holders.
package network
