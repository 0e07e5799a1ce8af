package search

import (
	"context"
	"io"

	"example.org/demote/search/claim"
	"example.org/demote/search/proof"
	"example.org/demote/search/target"
	"example.org/demote/search/trial"
	"example.org/demote/search/units"
)

// What a search asks of an evaluator, and what it gets: the room trial.
type (
	// Mask has one bit per holder: 1 means demoted, which is that the holder quantizes with its low grid. It is a view,
	// like a slice.
	Mask = trial.Mask
	// Score is the value of a metric for a mask. Higher is better.
	Score = trial.Score
	// Bound is the question of a scan: which score passes, and from which score on a candidate is the best so far.
	Bound = trial.Bound
	// Found is the answer of a scan: the first candidate that passes, else the best.
	Found = trial.Found
	// Evaluator scores masks and answers scans.
	Evaluator = trial.Evaluator
	// OutcomesEvaluator is an Evaluator that returns the outcome of every sample. Prove needs one.
	OutcomesEvaluator = trial.OutcomesEvaluator
	// ArrangingEvaluator is an Evaluator that can order its samples for masks near one that fails.
	ArrangingEvaluator = trial.ArrangingEvaluator
	// HeadEvaluator is an Evaluator that counts on a few samples which tell most of a mask.
	HeadEvaluator = trial.HeadEvaluator
	// FrontEvaluator is an Evaluator that decides most mixes near a target on a part of the samples.
	FrontEvaluator = trial.FrontEvaluator
	// DistanceEvaluator is an Evaluator that can cheaply estimate the sensitivity of a unit.
	DistanceEvaluator = trial.DistanceEvaluator
	// ScoreFunc returns the full score of a mask; a pure function of the mask.
	ScoreFunc = trial.ScoreFunc
	// Naive is an Evaluator that calls a function for every score and caches nothing: Naive(f).
	Naive = trial.Naive
)

// NewMask returns a mask of n holders, none demoted. It panics if n is negative.
func NewMask(n int) Mask { return trial.NewMask(n) }

// ParseMask reads the text form of a mask: character i is holder i, '1' is low and '0' is high. Any other character is
// a mistake.Err.
func ParseMask(text string) (Mask, error) { return trial.ParseMask(text) }

// MaskOfKey returns the mask of n holders that has a key, see Mask.Key. It panics if the key is of another length.
func MaskOfKey(n int, key string) Mask { return trial.MaskOfKey(n, key) }

// NaiveScan answers a scan by full scores, one candidate after another. It is the definition of a scan: every other
// implementation returns the same Found. An error of score, or a context that is done, ends it.
func NaiveScan(ctx context.Context, score ScoreFunc, candidates []Mask, b Bound) (Found, error) {
	return trial.NaiveScan(ctx, score, candidates, b)
}

// What a user asks for, and what a search compares with: the room target.
type (
	// Target is a target as it was typed, such as 0.9125, 16bit-0.005 or 50%.
	Target = target.Target
	// Scale describes how to read the scores of a metric.
	Scale = target.Scale
	// Endpoints are the scores that a target may be measured from.
	Endpoints = target.Endpoints
	// Resolved is a target in the form that a search compares with.
	Resolved = target.Resolved
)

// ParseTarget reads a target. Errors are mistake.Err and say how to write it.
func ParseTarget(text string) (Target, error) { return target.Parse(text) }

// What a search moves, and what that saves: the room units.
type (
	// Group is a set of holders that must have one bit-width.
	Group = units.Group
	// Pin fixes the bit-width of a holder.
	Pin = units.Pin
	// Layout has the units to search, and the holders that are fixed.
	Layout = units.Layout
)

// Arrange makes units of groups and pins for the named holders. The error is a mistake.Err: a holder out of range, or
// two pins that contradict each other.
func Arrange(names []string, groups []Group, pins []Pin) (Layout, error) {
	return units.Arrange(names, groups, pins)
}

// CountCost returns a cost of 1 for every holder.
func CountCost(holders int) []float64 { return units.CountCost(holders) }

// BopsCost returns the bit operations that each holder saves, per sample: multiply-accumulates of its consumers x bits
// lost by the activation x bits of a weight.
func BopsCost(macs []float64, lost []int, weight int) []float64 {
	return units.BopsCost(macs, lost, weight)
}

// BytesCost returns the activation bytes that each holder saves, per sample: elements x bits lost / 8.
func BytesCost(elements []float64, lost []int) []float64 { return units.BytesCost(elements, lost) }

// ReadCost reads lines of name,cost and returns the cost of each of the names. Errors are mistake.Err and name the line
// or the holder.
func ReadCost(r io.Reader, names []string) ([]float64, error) { return units.ReadCost(r, names) }

// ReadCosts reads lines of name,cost or of name,low,high and returns what demoting each of the names saves, and in the
// second case what it costs when it is high, else nil. Errors are mistake.Err and name the line or the holder.
func ReadCosts(r io.Reader, names []string) (saves, high []float64, err error) {
	return units.ReadCosts(r, names)
}

// UnitCost returns the cost of each unit, the sum over its holders.
func UnitCost(holders []float64, members [][]int) []float64 { return units.UnitCost(holders, members) }

// Saving returns the sum of the costs of the holders that are low in the mask, and of all holders.
func Saving(holders []float64, mask Mask) (saved, all float64) { return units.Saving(holders, mask) }

// What held-out samples prove of a mix: the room claim.
type (
	// A Claim is a statement about a mix on unseen samples, to be tested on held-out ones.
	Claim = claim.Claim
	// Reference is the network that a claim compares with.
	Reference = claim.Reference
	// Paired counts the samples on which a reference and a mix differ.
	Paired = claim.Paired
	// A Need is an estimated number of samples that give a proof with some chance.
	Need = claim.Need
	// A Tested is one step of a promise: a mix and its test on the hold-out.
	Tested = claim.Tested
	// A Promise is the result of Prove.
	Promise = claim.Promise
)

// The networks that a claim compares with.
const (
	NoReference    = claim.NoReference    // the claim is about the score itself
	HighReference  = claim.HighReference  // the 16-bit network
	FloatReference = claim.FloatReference // the float network
)

// Compare counts where two outcomes of n samples differ. It panics if one of them is shorter than n bits.
func Compare(reference, mix []uint64, n int) Paired { return claim.Compare(reference, mix, n) }

// LeastSamples returns the number of samples that prove a loss below the budget at level alpha if no prediction changes
// at all; 0 for a budget of zero or less.
func LeastSamples(budget, alpha float64) int { return claim.LeastSamples(budget, alpha) }

// NestedSteps returns the nested mixes on which Prove tests a promise, at most five: base with the first units of order
// demoted. The caller owns the masks.
func NestedSteps(base Mask, order [][]int) []Mask { return claim.NestedSteps(base, order) }

// Prove tests a claim on nested mixes in their order and stops at the first that fails. reference is the outcome of the
// claim's reference on the evaluator's n samples, or nil without one; report is called after every step. Errors are
// those of the evaluator.
func Prove(ctx context.Context, ev OutcomesEvaluator, reference []uint64, n int, steps []Mask, c Claim, report func(Tested)) (Promise, error) {
	return claim.Prove(ctx, ev, reference, n, steps, c, report)
}

// HighMixes returns the number of mixes of n units with k of them high: what a proof has to refute of that size.
func HighMixes(n, k int) float64 { return proof.Choose(n, k) }
