// Package run leads a run from files to files: it reads the network and the data, calibrates,
// compiles, searches, exports and verifies, and it owns the run folder with its lock, its journal
// and its result.json.
//
// Every command of the program is a function here: Search, Eval, Verify, Export, Inspect, Quantize, Report. They take
// a Config, whose zero value is that of the flags that are left out, and need ONNX Runtime open (OpenRuntime).
// ExitCode tells a user's mistake from a target that cannot be met. A program that calls Child first of all in main
// has networks that are new tried in a child process, since ONNX Runtime dies of some.
package run
