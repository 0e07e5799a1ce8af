// Package search decides which units of a network run on their low grids.
//
// It knows nothing of ONNX, devices or files: a mask goes out through the Evaluator interface and a score comes
// back. Whoever can score a mask can search: a ScoreFunc is enough (Naive), and Run takes the strategy by name. NaiveScan
// is the definition of a scan; every faster evaluator must give its answers. ALGORITHM.md's section
// numbers are quoted where a rule comes from there.
package search
