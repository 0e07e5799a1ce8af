// Package driver starts the NVIDIA driver for programs built with the tag cuda, before gorgonia.org/cu does.
//
// That package calls cuInit while it is initialized and ends the process, with exit code 1 and a Go error dump, where
// that fails. Packages are initialized in the order of their import paths as far as imports allow (Go specification,
// "Program initialization"), and this one imports nothing that gorgonia.org/cu does not: so it is first, and says in
// one line what is missing, with exit code 2.
package driver
