// Package aimet reads and writes AIMET's encodings, the grids that stand in a file beside a float network, and
// Qualcomm's overrides.
package aimet
