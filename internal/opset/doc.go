// Package opset converts models from one version of the operator set to another, up and down, and inlines their
// functions.
package opset
