// Package proof lists the mixes that would be better than a result, level by level, for a search that refutes them one
// by one. It also has the random draws from levels that are too large, and what it says if none of a draw holds.
package proof
