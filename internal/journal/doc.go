// Package journal keeps the state of a run on disk: the run folder and its lock, the journal of scores in SQLite, the
// fingerprint of all settings that can change a score, and the files that are derived from the journal.
package journal
