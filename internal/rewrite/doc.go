// Package rewrite makes the models that a search runs: with switchable quantizers (each reads its bit of a mask at run
// time), cut into segments, in blocked layouts, or with inputs as integer codes.
package rewrite
