// Package sinks finds sinks: operators that map all values far outside to 0, 1 or nothing, such as Softmax. A grid need
// not cover such values if all readers of the tensor end in sinks.
package sinks
