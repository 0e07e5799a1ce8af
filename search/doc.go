// Package search is the mixed-precision search: it decides which activation quantizers of a network run in int8 and
// which stay in int16.
//
// The words of the package:
//
//   - A holder is an activation quantizer. It has two grids, low (int8) and high (int16). Calibration made them.
//   - A unit is one holder, or several that must have one bit-width. Strategies decide about units.
//   - A Mask has one bit per holder: 1 is low. A mix is a mask that a search considers. To demote a unit is to set its
//     bits, to promote it is to clear them.
//   - A mix holds if its score is strictly above the target. The base is the mix on which a strategy builds.
//   - The endpoints are the 16-bit network (all holders high) and the 8-bit network (all low).
//   - An evaluation is one score that a strategy asks for. A scan asks for many at once: Evaluator.Scan.
//
// The package knows nothing of ONNX, devices or files: a mask goes out through the Evaluator interface, and a score
// comes back. An evaluator of your own needs one function (ScoreFunc, Naive); Run takes the strategy by name. NaiveScan
// defines a scan, and every faster evaluator must return the same answers. Comments quote the section numbers of
// ALGORITHM.md, the description of the reference algorithm, where a rule comes from there.
package search
