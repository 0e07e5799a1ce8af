// Package calibrate runs a float network over calibration samples and chooses the grids of its activation quantizers
// (holders). It finds the fill values of masks and paddings, which the grids need not cover.
package calibrate
