// Package fold computes what depends on constants and known shapes alone, within a budget of bytes, and opens the
// branches of If whose conditions are then known.
package fold
