// Package quant is the arithmetic of grids in plain Go: the rounding formulas that every device has to reproduce bit for
// bit, the way from ranges to grids, calibration, and the quantization of weights and biases. It reads no files.
package quant
