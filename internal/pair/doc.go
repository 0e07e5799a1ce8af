// Package pair joins the 8-bit and the 16-bit file of a pair into one network, and reports their differences.
package pair
