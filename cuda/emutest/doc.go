// Package emutest controls the emulated device from tests: its settings, planned faults and counters
// (cuda/internal/emu). It needs the tag cuda and LD_LIBRARY_PATH=bin/emu, which `make test-cuda` sets. Tests that need
// it are named TestEmulated...; the others also run on a real driver, where `make gpu-check` runs them.
package emutest
