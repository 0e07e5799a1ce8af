// Package affine folds BatchNormalization, and other scales and shifts per channel, into the weights and biases of the
// layers before them.
package affine
