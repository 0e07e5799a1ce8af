// Package opset brings models to one operator set, from older and newer ones and back, and puts functions in the
// place of their calls.
package opset
