// Package rewrite makes the models that a search runs: with switchable quantizers, cut into stretches, in blocked layouts, fed with codes.
package rewrite
