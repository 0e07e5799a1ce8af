// Package affine takes BatchNormalization, and what scales and shifts channels like it, into the weights of the
// operators before.
package affine
