// Package trial has what a search asks of an evaluator, and what it gets: a mask goes out, a score comes back; a scan
// asks for many at once. NaiveScan is the definition of a scan.
package trial
