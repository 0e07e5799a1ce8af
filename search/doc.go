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
//   - An evaluation is one score that a strategy asks for. A scan asks for many at once, one candidate after another
//     until one passes: Evaluator.Scan.
//   - The harm of a unit is its sensitivity, what demoting it costs: the score that it loses alone, or the mean squared
//     change of the outputs, its distance. A ranking is the order of the units by harm, least first.
//   - The chain is the list of the moves of the base, in their order. The promotion list has the units that stay high.
//
// The package knows nothing of ONNX, devices or files: a mask goes out through the Evaluator interface, and a score
// comes back. An evaluator of your own needs one function (ScoreFunc, Naive); Run takes the strategy by name. NaiveScan
// defines a scan, and every faster evaluator must return the same answers.
//
// A search goes as follows. Options are checked and completed; the endpoints are scored, and often decide; a start mix
// becomes the base if it holds; then the strategy moves the base until it is done or the budget ends. Every mix that
// holds and is better than all before it is kept, so that a search can be stopped at any time. With Options.Proof the
// mixes that would be better still are refuted one by one, as far as its limit goes. Nothing depends on time but
// Budget.Time and ProofLimit.Time: the same options, seed and scores give the same result.
//
// Strategies differ in how many evaluations they need for n units of which k stay high, from 2 k log2(n/k) to n(n+1)/2:
// Strategy.Trials. An evaluation is a pass of the network over the samples, so that the work of the search itself, at
// most O(n^2) a scan for the masks of its candidates, does not count.
//
// The package is a face over rooms of one concept each: trial has masks, scores and scans; target what a user asks for;
// units the groups, pins and costs of holders; claim what held-out samples prove; proof the mixes that would be better.
package search
