// Package calibrate runs a float network over calibration samples and makes the grids of its activation quantizers,
// or holders. It finds the values that masks and paddings put in, which no grid is to cover.
package calibrate
