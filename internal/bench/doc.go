// Package bench measures the cost of an evaluation and of a search, in plain passes of the float network that are timed
// in the same run.
package bench
