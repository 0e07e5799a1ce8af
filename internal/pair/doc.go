// Package pair makes one network of the 8-bit and the 16-bit file of a pair, and tells their differences.
package pair
