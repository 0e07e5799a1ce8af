// Package quant is uniform quantization in plain Go: the quantize-dequantize formulas that every device reproduces bit
// for bit, calibration, and the quantization of weights and biases. It reads no files and needs no runtime.
//
// A Grid is the set of values that one quantizer can output, with its scale, zero point and formula. A Record is the
// pair of grids of an activation quantizer (holder), low and high. Grids come from values (Observer, then GridOf) or
// from the attributes in a file (FromScale, FromThreshold, FromMinMax). Grid.Apply quantizes and dequantizes values, as
// the network's FakeQuant nodes do.
//
// For the notation see Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only
// inference, CVPR 2018, and Nagel et al., A white paper on neural network quantization, arXiv:2106.08295.
package quant
