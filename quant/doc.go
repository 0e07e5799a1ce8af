// Package quant is the arithmetic of grids in plain Go: the rounding formulas that every device has to reproduce bit for
// bit, the way from ranges to grids, calibration, and the quantization of weights and biases. It reads no files.
//
// A Record is made from values (Observer, then GridOf) or from what a file says (FromScale, FromThreshold, FromMinMax);
// Grid.Apply does to values what the network's FakeQuant does.
package quant
