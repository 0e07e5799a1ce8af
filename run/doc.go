// Package run leads a run from files to files: it reads the network and the data, calibrates,
// compiles, searches, exports and verifies, and it owns the run folder with its lock, its journal
// and its result.json.
package run
