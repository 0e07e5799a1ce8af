// Package store keeps what lies on a device between trials: the network in parts between cuts, the samples in blocks,
// the activations of the base at the cuts, and what is known to change nothing.
package store
