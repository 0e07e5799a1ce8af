// Package sinks follows tensors down to the operators that make 0, 1 or nothing of values far outside, so that a grid
// need not reach them.
package sinks
