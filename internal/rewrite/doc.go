// Package rewrite makes the models that a search runs: with switchable quantizers, cut into segments, in blocked
// layouts, fed with codes.
package rewrite
