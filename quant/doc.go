// Package quant is uniform quantization in plain Go: the quantize-dequantize formulas that every device reproduces bit
// for bit, calibration, and the quantization of weights and biases. It reads no files and needs no runtime.
//
// A Grid is the set of values that one quantizer can output, with its scale, zero point and formula. A Record is the
// pair of grids of an activation quantizer (holder), low and high. Grids come from values (Observer, then GridOf) or
// from the attributes in a file (FromScale, FromThreshold, FromMinMax). Grid.Apply quantizes and dequantizes values, as
// the network's FakeQuant nodes do.
//
// All arithmetic on values is float32 with one rounding an operation, so that Go, C and CUDA give the same bits; what
// is computed once a tensor, such as a scale, is float64 and rounded at its end. Values of a tensor are a slice in any
// order, since a grid treats all alike; only weights have a shape, row-major, and an axis of channels. Functions keep
// no slice that they are given. A Grid may be used by many goroutines, an Observer by one.
//
// For the notation see Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only
// inference, CVPR 2018, and Nagel et al., A white paper on neural network quantization, arXiv:2106.08295.
package quant
