// Package fold computes nodes that depend on constants and known shapes alone, and puts constants in their place,
// within a budget of bytes. It also replaces an If with a known condition by its branch.
package fold
