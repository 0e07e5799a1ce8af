// Package bounds answers scans without running most trials to their end: a trial stops as soon as the samples left
// cannot lift it above the threshold, and where none passes the best is found best-first.
//
// The answers are those of search.NaiveScan, always. The package is plain logic: Scan decides which blocks are needed
// next from what is known, a Machine runs them, and Evaluator puts the two together with a memo. Where the machine is
// Workers, those that a scan leaves idle run ahead of it; the scan neither knows nor minds.
package bounds
