// Package journal keeps what a run has learnt: the run folder and its lock, the journal of scores in SQLite, the
// fingerprint of what can change a score, and the files that follow from it.
package journal
