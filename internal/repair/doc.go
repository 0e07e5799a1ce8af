// Package repair changes a float network so that it loses less when it is quantized, and computes the same without
// quantization: factors of channels move from activations into weights, and biases make up for rounded weights.
package repair
